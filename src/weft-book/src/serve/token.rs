//! The secret of one start of the server: who has it may run experiments.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Read};

/// Bytes of secret: 128 bits.
const BYTES: usize = 16;

/// The start-up token, as hexadecimal digits.
pub(super) struct Token(String);

impl fmt::Debug for Token {
    /// A secret is not printed by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    /// A new token from the kernel's random numbers (`urandom(4)`).
    pub(super) fn draw() -> io::Result<Token> {
        random_digits(BYTES).map(Token)
    }

    /// The digits, for the URL that is opened and for the cookie.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }

    /// Is this the token? The time that the answer takes does not depend on where the two differ.
    pub(super) fn is(&self, candidate: &str) -> bool {
        let difference = (self.0.bytes().zip(candidate.bytes())).fold(0, |seen, (own, other)| seen | (own ^ other));
        // Keeps the compiler from ending the loop at the first difference.
        self.0.len() == candidate.len() && std::hint::black_box(difference) == 0
    }
}

/// Random bytes from the kernel, two hexadecimal digits each.
pub(super) fn random_digits(bytes: usize) -> io::Result<String> {
    let mut random = vec![0; bytes];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let mut digits = String::with_capacity(2 * bytes);
    for byte in random {
        let _always_fits = write!(digits, "{byte:02x}");
    }
    Ok(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_alone() {
        let token = Token::draw().unwrap();
        let secret = token.secret().to_owned();
        assert_eq!(secret.len(), 32);
        assert!(token.is(&secret));
        assert!(!token.is(""));
        assert!(!token.is(&secret[1..]));
        assert!(!token.is(&format!("{secret}0")));
        for place in 0..secret.len() {
            let mut other = secret.clone().into_bytes();
            other[place] ^= 1;
            assert!(!token.is(&String::from_utf8(other).unwrap()));
        }
    }

    #[test]
    fn two_tokens_differ_and_neither_is_printed() {
        let (one, other) = (Token::draw().unwrap(), Token::draw().unwrap());
        assert!(!one.is(other.secret()));
        assert!(!format!("{one:?}").contains(one.secret()));
    }
}
