//! Text that is looked for in a column.

use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, Func, LikeExpr},
};

/// Whether a column contains the text, in any case; all rows do where it is blank.
pub(crate) fn contains(column: impl ColumnTrait, text: &str) -> Condition {
    let text = text.trim();
    // SQLite knows the case of ASCII alone: the other case of the text is looked for as well.
    let column = || Expr::col(column);
    Condition::any()
        .add(Expr::expr(Func::lower(column())).like(containing(&text.to_lowercase())))
        .add(Expr::expr(Func::upper(column())).like(containing(&text.to_uppercase())))
}

/// A pattern for texts that contain this one.
fn containing(text: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}
