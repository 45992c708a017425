//! How many digits a number has, and powers of ten, by table.
//!
//! A check asks this of each number that it meets, where a logarithm and a division by what it gives took a tenth of its
//! time. What always holds: the same as `ilog10` and `pow` give.

/// Ten to the power of the index.
const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

/// Ten to the power of an exponent below 20.
pub(super) const fn power(exponent: u32) -> u64 {
    POWERS[exponent as usize]
}

/// Digits of a number; 1 for zero.
pub(super) const fn length(number: u64) -> u32 {
    // 1233 / 4096 is just above the logarithm of 2, so this is the digits or one less.
    let least = ((u64::BITS - (number | 1).leading_zeros()) * 1233) >> 12;
    least + (number | 1 >= power(least)) as u32
}

/// Whether a number of so many digits, 15 at most, begins with these: without a division.
pub(super) const fn begins_with(number: u64, length: u32, head: u64, head_length: u32) -> bool {
    let tail = power(length.saturating_sub(head_length));
    number.wrapping_sub(head * tail) < tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers() -> impl Strategy<Value = u64> {
        let beside = (0..20_u32, 0..3_u64).prop_map(|(exponent, more)| power(exponent).wrapping_add(more) - 1);
        prop_oneof![any::<u64>(), beside, (0..64_u32, any::<u64>()).prop_map(|(shift, number)| number >> shift)]
    }

    proptest! {
        #[test]
        fn digits_are_those_of_the_text(number in numbers()) {
            let text = number.to_string();
            prop_assert_eq!(length(number) as usize, text.len());
            for head_length in (1..=3_usize.min(text.len())).take_while(|_| text.len() <= 15) {
                for head in [0, 1, 62, 510, text[..head_length].parse().unwrap_or(0)] {
                    let begins = text[..head_length].parse() == Ok(head);
                    prop_assert_eq!(begins_with(number, text.len() as u32, head, head_length as u32), begins);
                }
            }
        }
    }
}
