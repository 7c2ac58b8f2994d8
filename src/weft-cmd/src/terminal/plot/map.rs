//! A map of an address space: a line a region, the highest address at the top, with the marks below it.

use weft_lab::figure::{Layer, Map, Spot, hex, size};

use super::{colour, legend, names, pad, sign, widest};
use crate::terminal::{Colour, Look};

pub(super) fn draw(map: &Map, look: &Look) -> String {
    let layers = map.layers();
    let labels: Vec<String> = map.regions.iter().map(|region| region.label.english()).collect();
    let label_width = widest(labels.iter(), look.width * 2 / 5);
    let (bar, dots, arrow) = if look.unicode {
        ('▌', "⋮", "└")
    } else {
        ('|', ":", "-")
    };
    let mark = |spot: &Spot| {
        let sign = look.paint(&sign(spot.group, look).to_string(), colour(spot.group));
        let place = look.paint(&format!("{:>14}", hex(spot.address)), Colour::Dim);
        format!("  {place}  {arrow} {sign} {}\n", spot.label.english())
    };
    let mut text = String::new();
    for layer in &layers {
        let spots = match layer {
            Layer::Region(region, spots) => {
                let start = look.paint(&format!("{:>14}", hex(region.start)), Colour::Dim);
                let bar = look.paint(&bar.to_string(), colour(region.group));
                let label = pad(&region.label.english(), label_width, look);
                text += &format!("  {start}  {bar} {label}  {}\n", size(region));
                spots
            }
            Layer::Gap(spots) => {
                text += &look.paint(&format!("  {dots:>14}\n"), Colour::Dim);
                spots
            }
        };
        text += &spots.iter().map(|spot| mark(spot)).collect::<String>();
    }
    let meaning: Vec<_> = names(&map.groups)
        .enumerate()
        .map(|(group, name)| (sign(group, look), group, name))
        .collect();
    let several = meaning.len() > 1;
    text + &legend(meaning.into_iter().filter(|_| several), 2, look)
}
