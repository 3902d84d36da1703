//! What a key may be used for, with what each scope contains.

use tocsin_entity::kinds::Scope;

/// The scopes of a key, closed under containment: `ADMIN` contains all, `WRITE` contains `READ` and the trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each scope, read by name")]
pub struct Scopes {
    /// To trigger incidents.
    pub trigger: bool,
    /// To read.
    pub read: bool,
    /// To work incidents.
    pub write: bool,
    /// To manage.
    pub admin: bool,
}

impl Scopes {
    /// The scopes that are listed, and those they contain.
    pub fn of(listed: &[Scope]) -> Self {
        let has = |scope| listed.contains(&scope);
        let admin = has(Scope::Admin);
        let write = admin || has(Scope::Write);
        Self {
            trigger: write || has(Scope::Trigger),
            read: write || has(Scope::Read),
            write,
            admin,
        }
    }

    /// All that it contains.
    pub fn list(self) -> Vec<Scope> {
        [
            (self.trigger, Scope::Trigger),
            (self.read, Scope::Read),
            (self.write, Scope::Write),
            (self.admin, Scope::Admin),
        ]
        .into_iter()
        .filter_map(|(has, scope)| has.then_some(scope))
        .collect()
    }
}

/// The scopes as they are stored with a key.
pub fn read_scopes(stored: &serde_json::Value) -> Vec<Scope> {
    serde_json::from_value(stored.clone()).unwrap_or_default()
}
