//! One sort for items of every type: each further one would be some thousand bytes of the page's program.

/// Puts items in the order of their keys; equal keys stay as they are.
pub(crate) fn by_key<T>(items: &mut Vec<T>, key: impl Fn(&T) -> u64) {
    if items.len() <= 20 {
        for end in 1..items.len() {
            let mut at = end;
            while at > 0 && key(&items[at - 1]) > key(&items[at]) {
                items.swap(at - 1, at);
                at -= 1;
            }
        }
        return;
    }
    let mut order: Vec<(u64, u32)> = (0u32..).zip(&*items).map(|(at, item)| (key(item), at)).collect();
    order.sort_unstable();
    let mut loose: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(order.iter().filter_map(|(_, at)| loose[*at as usize].take()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_items_keep_the_order_of_equal_keys() {
        for count in [0usize, 1, 7, 20, 21, 500] {
            let mut items: Vec<(u64, usize)> = (0..count).map(|at| ((at as u64 * 7919) % 13, at)).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            by_key(&mut items, |item| item.0);
            assert_eq!(items, expected);
        }
    }
}
