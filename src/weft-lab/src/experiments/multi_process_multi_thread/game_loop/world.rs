//! A small game: entities that fall towards wells, and a picture of them. What one entity does depends on no other, so
//! the work of a frame can be cut anywhere, and every way to cut it gives the same world.

/// One step of the simulation, in seconds of the game.
const STEP: f32 = 1.0 / 240.0;
/// What pulls, as places on the field from 0 to 1.
const WELLS: [[f32; 2]; 12] = [
    [0.1, 0.2],
    [0.9, 0.1],
    [0.5, 0.5],
    [0.2, 0.8],
    [0.7, 0.3],
    [0.4, 0.9],
    [0.8, 0.8],
    [0.3, 0.4],
    [0.6, 0.1],
    [0.1, 0.6],
    [0.9, 0.5],
    [0.5, 0.7],
];

/// Something that moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Entity {
    place: [f32; 2],
    speed: [f32; 2],
}

/// Entities at places drawn from `rng`.
pub(super) fn entities(count: usize, rng: &mut fastrand::Rng) -> Vec<Entity> {
    let mut entity = || Entity {
        place: [rng.f32(), rng.f32()],
        speed: [rng.f32() - 0.5, rng.f32() - 0.5],
    };
    (0..count).map(|_| entity()).collect()
}

/// Moves these entities on by one step.
pub(super) fn simulate(entities: &mut [Entity]) {
    for entity in entities {
        let mut force = [0.0, 0.0];
        for well in WELLS {
            let way = [well[0] - entity.place[0], well[1] - entity.place[1]];
            let distance = (way[0] * way[0] + way[1] * way[1] + 0.01).sqrt();
            let pull = 0.02 / (distance * distance * distance);
            force[0] += way[0] * pull;
            force[1] += way[1] * pull;
        }
        let axes = entity.place.iter_mut().zip(&mut entity.speed).zip(force);
        for ((place, speed), force) in axes {
            *speed += force * STEP;
            *place += *speed * STEP;
            // The field has walls.
            if !(0.0..=1.0).contains(place) {
                *place = place.clamp(0.0, 1.0);
                *speed = -*speed;
            }
        }
    }
}

/// Draws these entities: for each one a point of the picture, with the light of all wells on it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places and light are from 0 to 1"
)]
pub(super) fn render(entities: &[Entity], picture: &mut [u32]) {
    for (entity, point) in entities.iter().zip(picture) {
        let mut light = 0.0;
        for well in WELLS {
            let way = [well[0] - entity.place[0], well[1] - entity.place[1]];
            let falling = way[0] * entity.speed[0] + way[1] * entity.speed[1];
            light += falling.abs().sqrt() / (way[0] * way[0] + way[1] * way[1] + 0.05);
        }
        let shade = (light / 100.0).clamp(0.0, 1.0);
        let [column, row] = entity.place.map(|place| (place * 4_095.0) as u32);
        *point = column << 20 | row << 8 | (shade * 255.0) as u32;
    }
}

/// A number that two equal pictures share.
pub(super) fn digest(picture: &[u32]) -> u64 {
    let mix = |sum: u64, &point: &u32| (sum ^ u64::from(point)).wrapping_mul(0x0100_0000_01b3);
    picture.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_world_is_the_same_however_it_is_cut(seed in any::<u64>(), count in 1_usize..200, cut in 0_usize..200) {
            let mut whole = entities(count, &mut fastrand::Rng::with_seed(seed));
            let mut parts = whole.clone();
            let (left, right) = parts.split_at_mut(cut.min(count));
            for _ in 0..20 {
                simulate(&mut whole);
                simulate(left);
                simulate(right);
            }
            prop_assert_eq!(&whole, &parts);
            let mut picture = vec![0; count];
            render(&whole, &mut picture);
            let on_field = |entity: &Entity| entity.place.iter().all(|place| (0.0..=1.0).contains(place));
            prop_assert!(whole.iter().all(on_field));
        }
    }

    #[test]
    fn a_picture_has_a_digest_of_its_own() {
        assert_eq!(digest(&[1, 2]), digest(&[1, 2]));
        assert_ne!(digest(&[1, 2]), digest(&[2, 1]));
    }
}
