//! Rows of values in a statement, however many, in few different texts: each connection keeps the statements that it has prepared, and there is
//! one for each text.

use sea_orm::Value;

/// Rows as SQL has them, and their values.
pub(crate) struct Rows {
    /// `($1, $2), ($3, $4)`.
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
}

/// The rows, whose first value is called `$first`. Each has as many values.
pub(crate) fn rows(all: Vec<Vec<Value>>, first: usize) -> Rows {
    let mut next = first;
    let mut texts = Vec::with_capacity(all.len());
    for row in &all {
        let names: Vec<String> = (next..next + row.len()).map(|name| format!("${name}")).collect();
        texts.push(format!("({})", names.join(", ")));
        next += row.len();
    }
    Rows {
        text: texts.join(", "),
        values: all.into_iter().flatten().collect(),
    }
}

/// The same list with its last item repeated, up to a power of two: for statements to which a repetition makes no difference.
pub(crate) fn padded<T: Clone>(mut all: Vec<T>) -> Vec<T> {
    if let Some(last) = all.last().cloned() {
        all.resize(all.len().next_power_of_two(), last);
    }
    all
}

/// The most items of a part. `SQLite` takes 32,766 parameters, and the widest row, a post, has 27 values.
const PART_MAX: usize = 1_024;

/// The list in parts, each as long as a power of two: for statements that name each item once.
pub(crate) fn in_powers<T>(all: &[T]) -> Vec<&[T]> {
    let (mut parts, mut rest) = (Vec::new(), all);
    while !rest.is_empty() {
        let (part, after) = rest.split_at(1 << rest.len().min(PART_MAX).ilog2());
        parts.push(part);
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_named_row_by_row() {
        let all = vec![vec![1.into(), 2.into()], vec![3.into(), 4.into()]];
        let rows = rows(all, 3);
        assert_eq!(rows.text, "($3, $4), ($5, $6)");
        assert_eq!(rows.values, [1, 2, 3, 4].map(Value::from));
    }

    #[test]
    fn a_list_comes_in_few_lengths_and_whole() {
        assert_eq!(padded(vec![1, 2, 3]), [1, 2, 3, 3]);
        assert_eq!(padded(vec![1, 2]), [1, 2]);
        assert_eq!(padded(Vec::<i32>::new()), Vec::<i32>::new());
        let lengths = |count: usize| {
            in_powers(&vec![0; count])
                .iter()
                .map(|part| part.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(lengths(45), [32, 8, 4, 1]);
        assert_eq!(lengths(2_050), [1_024, 1_024, 2]);
        assert_eq!(lengths(0), Vec::<usize>::new());
        assert_eq!(in_powers(&[1, 2, 3]).concat(), [1, 2, 3]);
    }
}
