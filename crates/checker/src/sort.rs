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
    merge_sort(&mut order);
    let mut loose: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(order.iter().filter_map(|(_, at)| loose[*at as usize].take()));
}

/// Merges runs of twice the length, until there is one. The standard library's sorts are ten times as much code, which
/// the page has to fetch.
fn merge_sort(order: &mut Vec<(u64, u32)>) {
    let (end, mut run) = (order.len(), 1);
    let mut merged = Vec::with_capacity(end);
    while run < end {
        merged.clear();
        for start in (0..end).step_by(2 * run) {
            let (middle, stop) = ((start + run).min(end), (start + 2 * run).min(end));
            let (mut a, mut b) = (start, middle);
            while a < middle || b < stop {
                let first = b == stop || a < middle && order[a] <= order[b];
                let at = if first { &mut a } else { &mut b };
                merged.push(order[*at]);
                *at += 1;
            }
        }
        std::mem::swap(order, &mut merged);
        run *= 2;
    }
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
