//! Randomness of the operating system, for what must not be guessed.

use ring::rand::{SecureRandom, SystemRandom};

use crate::error::{Code, Error, Result};

/// So many random bytes.
///
/// # Errors
/// [`Code::Internal`] where the system gives none.
pub(crate) fn bytes(count: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    SystemRandom::new().fill(&mut bytes).map_err(|_| none())?;
    Ok(bytes)
}

fn none() -> Error {
    Error::new(
        Code::Internal,
        "операционная система не даёт случайных чисел",
        "the operating system gives no random numbers",
    )
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn no_two_draws_are_the_same() {
        let (one, other) = (bytes(16).expect("bytes"), bytes(16).expect("bytes"));
        assert_eq!(one.len(), 16);
        assert_ne!(one, other);
    }
}
