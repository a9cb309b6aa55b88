//! Decimal numbers that keep their digits: `0.1 + 0.2 = 0.3`, and `1.10` is written `1.10`.

use std::{cmp::Ordering, fmt};

/// A whole number times a power of ten: `digits` × 10^-`scale`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    digits: i128,
    scale: u32,
}

/// Most places after the point: what is beyond is cut by division, and refused when read.
const SCALE_MAX: u32 = 36;
/// Places that division reckons to.
const DIVISION_SCALE: u32 = 16;

impl Decimal {
    /// A whole number.
    #[must_use]
    pub const fn from_integer(n: i64) -> Self {
        Self { digits: n as i128, scale: 0 }
    }

    /// A JSON or FHIR number. `None`: not a number, or with more digits than can be reckoned with exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (body, negative) = match text.as_bytes().first()? {
            b'-' => (text.get(1..)?, true),
            b'+' => (text.get(1..)?, false),
            _ => (text, false),
        };
        let (mantissa, exponent) = match body.split_once(['e', 'E']) {
            Some((m, e)) => (m, e.parse::<i32>().ok()?),
            None => (body, 0),
        };
        let (mut digits, mut places, mut point, mut any) = (0_i128, 0_i32, false, false);
        for byte in mantissa.bytes() {
            match byte {
                b'0'..=b'9' => {
                    any = true;
                    digits = digits.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                    if point {
                        places = places.checked_add(1)?;
                    }
                }
                b'.' if !point => point = true,
                _ => return None,
            }
        }
        if !any {
            return None;
        }
        let mut scale = places.checked_sub(exponent)?;
        while scale < 0 && digits != 0 {
            digits = digits.checked_mul(10)?;
            scale = scale.checked_add(1)?;
        }
        let scale = u32::try_from(scale.max(0)).ok()?;
        if scale > SCALE_MAX {
            return None;
        }
        Some(Self { digits: if negative { digits.checked_neg()? } else { digits }, scale })
    }

    /// Both with the same scale.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let up = |n: Self| n.digits.checked_mul(10_i128.checked_pow(scale.checked_sub(n.scale)?)?);
        Some((up(self)?, up(other)?, scale))
    }

    /// Exact order. `None`: too many digits.
    #[must_use]
    pub fn order(self, other: Self) -> Option<Ordering> {
        if self.scale == other.scale {
            return Some(self.digits.cmp(&other.digits));
        }
        if let Some((a, b, _)) = self.aligned(other) {
            return Some(a.cmp(&b));
        }
        (self.digits.signum() != other.digits.signum())
            .then(|| self.digits.signum().cmp(&other.digits.signum()))
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { digits: a.checked_add(b)?, scale })
    }

    pub(super) fn negated(self) -> Option<Self> {
        Some(Self { digits: self.digits.checked_neg()?, scale: self.scale })
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        let product = Self {
            digits: self.digits.checked_mul(other.digits)?,
            scale: self.scale.checked_add(other.scale)?,
        };
        (product.scale <= SCALE_MAX).then_some(product)
    }

    /// The quotient, to sixteen places. `None`: by nought, or too many digits.
    pub(super) fn over(self, other: Self) -> Option<Self> {
        let (a, b, _) = self.aligned(other)?;
        let digits = a.checked_mul(10_i128.checked_pow(DIVISION_SCALE)?)?.checked_div(b)?;
        Some(Self { digits, scale: DIVISION_SCALE }.trimmed())
    }

    /// The whole part of the quotient.
    pub(super) fn whole_quotient(self, other: Self) -> Option<i64> {
        let (a, b, _) = self.aligned(other)?;
        i64::try_from(a.checked_div(b)?).ok()
    }

    pub(super) fn remainder(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { digits: a.checked_rem(b)?, scale })
    }

    /// Without noughts at the end.
    fn trimmed(mut self) -> Self {
        while self.scale > 0 && self.digits % 10 == 0 {
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }

    /// How many places it has after the point.
    pub(super) fn places(self) -> u32 {
        self.scale
    }

    pub(super) fn is_zero(self) -> bool {
        self.digits == 0
    }

    pub(super) fn abs(self) -> Option<Self> {
        Some(Self { digits: self.digits.checked_abs()?, scale: self.scale })
    }

    fn unit(self) -> Option<i128> {
        10_i128.checked_pow(self.scale)
    }

    /// The largest whole number that is not above it.
    pub(super) fn floor(self) -> Option<i64> {
        i64::try_from(self.digits.checked_div_euclid(self.unit()?)?).ok()
    }

    pub(super) fn ceiling(self) -> Option<i64> {
        self.negated()?.floor()?.checked_neg()
    }

    pub(super) fn truncated(self) -> Option<i64> {
        i64::try_from(self.digits.checked_div(self.unit()?)?).ok()
    }

    /// Rounded to so many places, half away from nought.
    pub(super) fn rounded(self, places: u32) -> Option<Self> {
        if places >= self.scale {
            return Some(self);
        }
        let cut = 10_i128.checked_pow(self.scale.checked_sub(places)?)?;
        let half = cut / 2;
        let moved =
            if self.digits < 0 { self.digits.checked_sub(half)? } else { self.digits.checked_add(half)? };
        Some(Self { digits: moved.checked_div(cut)?, scale: places })
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.order(*other) == Some(Ordering::Equal)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits.unsigned_abs().to_string();
        let sign = if self.digits < 0 { "-" } else { "" };
        let scale = self.scale as usize;
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, part) = padded.split_at(padded.len() - scale);
        write!(f, "{sign}{whole}.{part}")
    }
}
