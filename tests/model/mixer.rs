//! Mixes many small numbers into one: a hasher that is fast without optimisation too, as most of the time goes here.

use std::hash::Hasher;

const START: u64 = 0x2545_f491_4f6c_dd1d;
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Folds each number in by a long multiplication.
pub struct Mixer(u64);

impl Default for Mixer {
    fn default() -> Self {
        Self(START)
    }
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u8(*byte);
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    #[expect(clippy::cast_possible_truncation, reason = "both halves are wanted")]
    fn write_u64(&mut self, number: u64) {
        let long = u128::from(self.0.wrapping_add(STEP) ^ number) * u128::from(START | 1);
        self.0 = (long ^ (long >> 64)) as u64;
    }
}
