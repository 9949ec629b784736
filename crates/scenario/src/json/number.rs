//! Decimal digits become a float.
//!
//! The standard library does this as exactly, and faster, by means of tables that are 11 KB of the page compressed. What
//! stands in a scenario is nearly always exact after one multiplication or division; the rest is long division.

use std::cmp::Ordering;

/// Digits that can matter; of those after them, only whether there are any but zeros.
const DIGITS: usize = 800;
/// The exponent of the least float above zero.
const LEAST: i64 = -1074;

/// The float nearest to a decimal number such as `-1.5e3`, of two the one with the even last bit: what the standard
/// library reads, infinities and NaN as words excepted.
pub fn number(text: &str) -> Option<f64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1.0, text),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, whole(exponent)?),
        None => (text, 0),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: Vec<u8> = before.bytes().chain(after.bytes()).collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.drain(..zeros);
    // The number is `digits · 10^exponent`.
    let mut exponent = exponent - after.len() as i64;
    if digits.len() > DIGITS {
        exponent += (digits.len() - DIGITS) as i64;
        let rest = digits.split_off(DIGITS);
        if rest.iter().any(|digit| *digit != b'0') {
            digits.push(b'1');
            exponent -= 1;
        }
    }
    let size = digits.len() as i64 + exponent;
    Some(
        sign * if digits.is_empty() || size < -330 {
            0.0
        } else if size > 310 {
            f64::INFINITY
        } else if digits.len() <= 15 && (-22..=22).contains(&exponent) {
            // Both are exact, and so is the one operation but for its own rounding.
            let digits = digits.iter().fold(0, |number, digit| 10 * number + u64::from(digit - b'0')) as f64;
            let power = (0..exponent.unsigned_abs()).fold(1.0, |power, _| power * 10.0);
            if exponent < 0 { digits / power } else { digits * power }
        } else {
            nearest(&digits, exponent)
        },
    )
}

/// An exponent; one that is too large for anything stays so.
fn whole(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    Some(sign * digits.bytes().fold(0, |number, digit| (10 * number + i64::from(digit - b'0')).min(1 << 40)))
}

/// `digits · 10^exponent`, by long division.
fn nearest(digits: &[u8], exponent: i64) -> f64 {
    let (mut number, mut divisor) = (Vec::new(), vec![1]);
    for digit in digits {
        multiply(&mut number, 10, u64::from(digit - b'0'));
    }
    let mut tens = exponent.unsigned_abs();
    while tens > 0 {
        let some = tens.min(9) as u32;
        multiply(if exponent < 0 { &mut divisor } else { &mut number }, 10_u64.pow(some), 0);
        tens -= u64::from(some);
    }
    // The place of the quotient's first bit, and of the last one that a float keeps.
    let mut first = bits(&number) - bits(&divisor);
    let aligned = (shifted(&number, -first), shifted(&divisor, first));
    if compare(&aligned.0, &aligned.1) == Ordering::Less {
        first -= 1;
    }
    let last = (first - 52).max(LEAST);
    number = shifted(&number, -last);
    divisor = shifted(&divisor, last.max(0) + 53);
    let mut quotient = 0_u64;
    for _ in 0..53 {
        quotient *= 2;
        multiply(&mut number, 2, 0);
        if compare(&number, &divisor) != Ordering::Less {
            subtract(&mut number, &divisor);
            quotient += 1;
        }
    }
    multiply(&mut number, 2, 0);
    match compare(&number, &divisor) {
        Ordering::Greater => quotient += 1,
        Ordering::Equal => quotient += quotient & 1,
        Ordering::Less => {}
    }
    // The quotient's 53rd bit, if it is there, counts the exponent up by one, as it should.
    let bits = (((last - LEAST) as u64) << 52) + quotient;
    f64::from_bits(bits.min(f64::INFINITY.to_bits()))
}

/// So many times as much, and something more. The least 32 bits come first, and the last are never zero.
fn multiply(number: &mut Vec<u32>, times: u64, more: u64) {
    let mut carry = more;
    for part in number.iter_mut() {
        carry += times * u64::from(*part);
        *part = carry as u32;
        carry >>= 32;
    }
    number.extend((carry != 0).then_some(carry as u32));
}

fn bits(number: &[u32]) -> i64 {
    32 * number.len() as i64 - number.last().map_or(0, |part| i64::from(part.leading_zeros()))
}

/// Shifted to the left by so many bits; to the right by none.
fn shifted(number: &[u32], by: i64) -> Vec<u32> {
    let by = by.max(0) as usize;
    let mut shifted = vec![0; by / 32];
    let mut carry = 0;
    for part in number {
        carry |= u64::from(*part) << (by % 32);
        shifted.push(carry as u32);
        carry >>= 32;
    }
    shifted.push(carry as u32);
    while shifted.last() == Some(&0) {
        shifted.pop();
    }
    shifted
}

fn compare(a: &[u32], b: &[u32]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// Takes away what is not more.
fn subtract(number: &mut Vec<u32>, less: &[u32]) {
    let mut borrow = 0;
    for (at, part) in number.iter_mut().enumerate() {
        let left = i64::from(*part) - i64::from(less.get(at).copied().unwrap_or(0)) - borrow;
        *part = left as u32;
        borrow = i64::from(left < 0);
    }
    while number.last() == Some(&0) {
        number.pop();
    }
}
