//! Where a text may be cut: between characters. (The methods of `str` came after the oldest compiler we build with.)

/// The last boundary that is not behind this byte.
pub(crate) fn floor(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The first boundary that is not before this byte.
pub(crate) fn ceil(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_never_cut() {
        let text = "é𝛼";
        assert_eq!([0, 1, 2, 3, 6, 9].map(|at| floor(text, at)), [0, 0, 2, 2, 6, 6]);
        assert_eq!([0, 1, 2, 3, 6, 9].map(|at| ceil(text, at)), [0, 2, 2, 6, 6, 6]);
    }
}
