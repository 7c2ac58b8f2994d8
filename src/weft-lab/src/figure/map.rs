//! A map of an address space: its regions one above the other, the highest address at the top, and marks in them.
//!
//! Heights mean nothing: an address space is mostly empty, and to scale nothing in it could be seen. Order, neighbours
//! and gaps are true; sizes are written down.

use plotters::style::text_anchor::HPos;

use super::draw::{Canvas, DIM, GRID, INK, REGION, colour, draw_legend, draw_line, draw_mark, fill_rect};
use super::draw::{legend_height, text_width, write_text};
use super::table::Table;
use crate::format;
use crate::text::Text;

/// A map of an address space.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    /// The groups of regions and spots, which have a colour and a shape each.
    pub groups: Vec<Text>,
    /// The regions, in any order; they do not overlap.
    pub regions: Vec<Region>,
    /// The places marked in the regions; one that lies in none of them stands beside the gap.
    pub spots: Vec<Spot>,
}

/// One region of a [`Map`].
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// What it is, in a few words.
    pub label: Text,
    /// Which of the groups it belongs to.
    pub group: usize,
    /// Its first address.
    pub start: u64,
    /// The first address behind it.
    pub end: u64,
}

/// An address marked in a [`Map`].
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// What lies there, in a few words.
    pub label: Text,
    /// Which of the groups it belongs to.
    pub group: usize,
    /// Where.
    pub address: u64,
}

/// One layer of the map, from the top.
#[derive(Debug, PartialEq)]
pub enum Layer<'a> {
    /// A region with the spots in it, the highest first.
    Region(&'a Region, Vec<&'a Spot>),
    /// Nothing is mapped here; spots may point here nevertheless.
    Gap(Vec<&'a Spot>),
}

impl Layer<'_> {
    fn spots(&self) -> &[&Spot] {
        match self {
            Layer::Region(_, spots) | Layer::Gap(spots) => spots,
        }
    }

    fn height(&self) -> i32 {
        let lines = i32::try_from(self.spots().len()).unwrap_or(i32::MAX / LINE);
        match self {
            Layer::Region(..) => (lines * LINE).max(BOX),
            Layer::Gap(_) => (lines * LINE).max(GAP),
        }
    }
}

/// An address as it is written: `7ffe_4a3b_1c20` without the lines.
#[must_use]
pub fn hex(address: u64) -> String {
    format!("{address:x}")
}

impl Map {
    /// Its layers, from the highest address to the lowest.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer<'_>> {
        let mut regions: Vec<&Region> = self.regions.iter().collect();
        regions.sort_by_key(|region| std::cmp::Reverse(region.start));
        let mut spots: Vec<&Spot> = self.spots.iter().collect();
        spots.sort_by_key(|spot| std::cmp::Reverse(spot.address));
        let mut spots = spots.into_iter().peekable();
        let mut take = |from: u64| {
            let mut taken = Vec::new();
            while let Some(spot) = spots.next_if(|spot| spot.address >= from) {
                taken.push(spot);
            }
            taken
        };
        let mut layers = Vec::new();
        let mut above: Option<&Region> = None;
        for region in regions {
            let outside = take(region.end);
            if above.is_some_and(|above| above.start > region.end) || !outside.is_empty() {
                layers.push(Layer::Gap(outside));
            }
            layers.push(Layer::Region(region, take(region.start)));
            above = Some(region);
        }
        let below = take(0);
        if !below.is_empty() {
            layers.push(Layer::Gap(below));
        }
        layers
    }

    pub(super) fn table(&self) -> Table {
        let group = |group: usize| self.groups.get(group).cloned().unwrap_or_default();
        let number = |address: u64| Text::new(hex(address));
        let mut rows = Vec::new();
        for layer in self.layers() {
            if let Layer::Region(region, _) = layer {
                rows.push(vec![
                    region.label.clone(),
                    group(region.group),
                    number(region.start),
                    number(region.end),
                    Text::new(size(region)),
                ]);
            }
            for spot in layer.spots() {
                let nothing = || Text::new("—");
                let cells = [spot.label.clone(), group(spot.group), number(spot.address)];
                rows.push(cells.into_iter().chain([nothing(), nothing()]).collect());
            }
        }
        Table {
            columns: vec![
                text!("Region or mark"),
                text!("Kind"),
                text!("From (hex)"),
                text!("To (hex)"),
                text!("Size"),
            ],
            rows,
            numbers_from: 2,
        }
    }

    /// The upper edge of the first layer.
    pub(super) fn top(&self) -> i32 {
        16 + legend_height(&self.groups)
    }

    /// The lower edge of the last layer.
    pub(super) fn bottom(&self) -> i32 {
        self.top() + self.layers().iter().map(Layer::height).sum::<i32>()
    }

    pub(super) fn draw(&self, area: &Canvas<'_>, say: &dyn Fn(&Text) -> String) {
        draw_legend(&self.groups, area, say);
        let mut y = self.top();
        for layer in self.layers() {
            let below = y + layer.height();
            match &layer {
                Layer::Region(region, _) => draw_region(region, (y, below), area, say),
                Layer::Gap(_) => write_text(area, "⋮", (MIDDLE, i32::midpoint(y, below)), 14, DIM, HPos::Center),
            }
            let room = layer.height() / i32::try_from(layer.spots().len().max(1)).unwrap_or(1);
            for (line, spot) in layer.spots().iter().enumerate() {
                let middle = y + i32::try_from(line).unwrap_or(0) * room + room / 2;
                draw_spot(spot, middle, area, say);
            }
            y = below;
        }
    }
}

/// The size of a region, for a reader.
#[must_use]
pub fn size(region: &Region) -> String {
    format::quantity(region.end.saturating_sub(region.start) as f64, "B")
}

/// The height of a region without spots, of a gap, and of a line of a spot.
const BOX: i32 = 30;
const GAP: i32 = 18;
const LINE: i32 = 22;

/// The box of a region, and what stands to its right.
const LEFT: i32 = 112;
const RIGHT: i32 = 396;
const MIDDLE: i32 = i32::midpoint(LEFT, RIGHT);
const NUMBER: i32 = 428;
const WORDS: i32 = 530;
const EDGE: i32 = 752;

fn draw_region(region: &Region, (top, bottom): (i32, i32), area: &Canvas<'_>, say: &dyn Fn(&Text) -> String) {
    fill_rect(area, (LEFT, top), (RIGHT, bottom), REGION);
    fill_rect(area, (LEFT, top), (LEFT + 8, bottom), colour(region.group));
    for y in [top, bottom] {
        draw_line(area, (LEFT, y), (RIGHT, y), DIM, 1);
    }
    for x in [LEFT, RIGHT] {
        draw_line(area, (x, top), (x, bottom), DIM, 1);
    }
    let middle = i32::midpoint(top, bottom);
    let size = size(region);
    let label = fitted(&say(&region.label), RIGHT - LEFT - 38 - width(&size));
    write_text(area, &label, (LEFT + 18, middle), 13, INK, HPos::Left);
    write_text(area, &size, (RIGHT - 8, middle), 12, DIM, HPos::Right);
    // The address stands at the edge that it names: the lower one.
    let number = hex(region.start);
    write_text(area, &number, (LEFT - 8, bottom - 9), 12, DIM, HPos::Right);
}

fn draw_spot(spot: &Spot, y: i32, area: &Canvas<'_>, say: &dyn Fn(&Text) -> String) {
    draw_line(area, (RIGHT - 4, y), (NUMBER - 16, y), GRID, 1);
    draw_mark(area, spot.group, (RIGHT, y), 4);
    write_text(area, &hex(spot.address), (NUMBER - 10, y), 12, DIM, HPos::Left);
    let label = fitted(&say(&spot.label), EDGE - WORDS);
    write_text(area, &label, (WORDS - 10, y), 13, INK, HPos::Left);
}

/// The width of a text at the size of this figure's letters, roughly.
fn width(text: &str) -> i32 {
    text_width(text) * 7 / 8
}

/// The text, cut to about `room` pixels.
fn fitted(text: &str, room: i32) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if width(&kept) > room - 10 {
            kept.pop();
            break;
        }
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn region(label: &str, start: u64, end: u64) -> Region {
        Region {
            label: Text::new(label),
            group: 0,
            start,
            end,
        }
    }

    fn spot(label: &str, address: u64) -> Spot {
        Spot {
            label: Text::new(label),
            group: 0,
            address,
        }
    }

    /// The layers as a line: names, gaps as `~`, spots in brackets.
    fn line(map: &Map) -> String {
        let word = |layer: &Layer<'_>| {
            let spots: String = layer
                .spots()
                .iter()
                .map(|spot| format!("[{}]", spot.label.english()))
                .collect();
            match layer {
                Layer::Region(region, _) => region.label.english() + &spots,
                Layer::Gap(_) => format!("~{spots}"),
            }
        };
        map.layers().iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_highest_address_stands_at_the_top_and_gaps_are_seen() {
        let map = Map {
            groups: Vec::new(),
            regions: vec![
                region("code", 100, 200),
                region("stack", 900, 999),
                region("data", 200, 300),
            ],
            spots: vec![
                spot("main", 150),
                spot("local", 998),
                spot("first", 900),
                spot("behind", 999),
                spot("wild", 5),
            ],
        };
        assert_eq!(line(&map), "~[behind] stack[local][first] ~ data code[main] ~[wild]");
        assert_eq!(map.table().rows.len(), 8);
        assert_eq!(line(&Map::default()), "");
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(fitted("short", 100), "short");
        let cut = fitted("a label that is much too long for its box", 100);
        assert!(cut.ends_with('…') && width(&cut) <= 110, "{cut}");
    }

    proptest! {
        #[test]
        fn no_spot_is_lost(addresses in prop::collection::vec(0_u64..1000, 0..20), starts in prop::collection::btree_set(0_u64..100, 0..10)) {
            let regions = starts.iter().map(|start| region("r", start * 10, start * 10 + 7)).collect();
            let spots: Vec<Spot> = addresses.iter().map(|&address| spot("s", address)).collect();
            let map = Map { groups: Vec::new(), regions, spots };
            let mut seen = 0;
            for layer in map.layers() {
                seen += layer.spots().len();
                if let Layer::Region(region, spots) = &layer {
                    prop_assert!(spots.iter().all(|spot| (region.start..region.end).contains(&spot.address)));
                }
            }
            prop_assert_eq!(seen, addresses.len());
        }
    }
}
