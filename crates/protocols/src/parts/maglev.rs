//! Maglev's lookup table (Eisenbud et al., "Maglev: a fast and reliable software network load balancer", NSDI
//! 2016, section 3.4): every backend has a permutation of the table's places, made of an offset and a skip from
//! two hashes of its name, and they take turns in claiming their next free place. Weights as in Envoy's
//! `MaglevTable`: a backend of half the greatest weight takes every second turn.

use crate::parts::hashing::place;

/// The owner of each of `size` entries (a prime, greater than the number of backends): `backends` are
/// (number, weight), in the order in which they take turns. Empty where there is no backend.
#[must_use]
pub fn table(backends: &[(u32, u64)], name: impl Fn(u32) -> String, size: u32) -> Vec<u32> {
    const FREE: u32 = u32::MAX;
    let most = backends.iter().map(|(_, weight)| *weight).max().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    let size = u64::from(size);
    let mut table = vec![FREE; size as usize];
    // (number, weight, next place, skip, weight due before the next turn)
    let mut all: Vec<(u32, u64, u64, u64, u64)> = backends
        .iter()
        .map(|(number, weight)| {
            let name = name(*number);
            let (offset, skip) = (place(&format!("{name}/offset")), place(&format!("{name}/skip")));
            (*number, *weight, offset % size, skip % (size - 1) + 1, 0)
        })
        .collect();
    let (mut filled, mut round) = (0, 0u64);
    loop {
        round += 1;
        for (number, weight, next, skip, due) in &mut all {
            if round * *weight <= *due {
                continue;
            }
            *due += most;
            while table[*next as usize] != FREE {
                *next = (*next + *skip) % size;
            }
            table[*next as usize] = *number;
            filled += 1;
            if filled == size {
                return table;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::table;

    fn of(backends: impl Iterator<Item = u32>, size: u32) -> Vec<u32> {
        let backends: Vec<(u32, u64)> = backends.map(|number| (number, 1)).collect();
        table(&backends, |number| format!("b{number}"), size)
    }

    fn shares(table: &[u32], count: u32) -> Vec<u32> {
        let mut shares = vec![0; count as usize];
        table.iter().for_each(|owner| shares[*owner as usize] += 1);
        shares
    }

    /// The paper's section 5.3: 65,537 entries for 1,000 backends.
    #[test]
    fn a_thousand_backends_own_65_or_66_entries_each() {
        let shares = shares(&of(0..1000, 65_537), 1000);
        assert!(shares.iter().all(|share| (65..=66).contains(share)));
    }

    #[test]
    fn a_departure_disturbs_few_entries_of_others() {
        // The backend that leaves had one in `count`; of the others' entries few change their owner.
        let disturbed = |count: u32, size: u32| {
            let (before, after) = (of(0..count, size), of(1..count, size));
            let moved = before.iter().zip(&after).filter(|(a, b)| a != b && **a != 0).count();
            moved as f64 / f64::from(size)
        };
        let (thousand, hundred, small) =
            (disturbed(1000, 65_537), disturbed(100, 65_537), disturbed(100, 2039));
        println!("entries of others that changed: {thousand:.4} {hundred:.4} {small:.4}");
        assert!(thousand < 0.01 && hundred < 0.01 && small < 0.05 && hundred < small);
    }

    #[test]
    fn weights_are_shares() {
        let table = table(&[(0, 1), (1, 2), (2, 4)], |number| format!("b{number}"), 65_537);
        let shares = shares(&table, 3);
        for (share, weight) in shares.iter().zip([1.0, 2.0, 4.0]) {
            let ideal = 65_537.0 * weight / 7.0;
            assert!((f64::from(*share) / ideal - 1.0).abs() < 0.01, "{shares:?}");
        }
        assert!(super::table(&[], |_| String::new(), 251).is_empty());
    }
}
