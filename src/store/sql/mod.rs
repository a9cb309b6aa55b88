//! Every statement, by topic, in the subset that both engines share: `$1`, `$2`, … in order of first use,
//! upserts by `ON CONFLICT`, no functions of one engine. What differs between engines is in `dialect`.
//!
//! Columns stand in the order in which `decode` reads them.

/// Names statements, and in tests lists them so that each can be prepared.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* pub(in crate::store) const $name: &str = $sql;)+

        #[cfg(test)]
        pub(in crate::store) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

pub(in crate::store) mod audit;
pub(in crate::store) mod conversations;
pub(in crate::store) mod directory;
pub(in crate::store) mod inbound;
pub(in crate::store) mod keeping;
pub(in crate::store) mod lanes;
pub(in crate::store) mod log;
pub(in crate::store) mod messages;
pub(in crate::store) mod oversight;
pub(in crate::store) mod people;
pub(in crate::store) mod referrals;

/// Every statement with its name.
#[cfg(test)]
pub(super) fn all() -> Vec<(&'static str, &'static str)> {
    [
        audit::ALL,
        conversations::ALL,
        directory::ALL,
        inbound::ALL,
        keeping::ALL,
        lanes::ALL,
        log::ALL,
        messages::ALL,
        oversight::ALL,
        people::ALL,
        referrals::ALL,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    /// Engines number parameters differently unless they first appear in the order 1, 2, 3.
    #[test]
    fn parameters_stand_in_order_of_first_use() {
        for (name, sql) in super::all() {
            let mut highest = 0;
            for rest in sql.split('$').skip(1) {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                let number: u32 = digits.parse().unwrap_or_else(|_| panic!("{name}: a bare $"));
                assert!(number <= highest + 1, "{name}: ${number} before ${}", highest + 1);
                highest = highest.max(number);
            }
        }
    }
}
