//! Which groups of an identity provider's give which role.

use std::str::FromStr;

use tocsin_entity::kinds::Role;

/// The name that stands for everybody who is in none of the groups.
const OTHERS: &str = "*";
/// All roles, the one with the most rights first.
const ROLES: [Role; 4] = [Role::Owner, Role::Admin, Role::Responder, Role::Stakeholder];

/// Which groups of an identity provider's give which role: `ops-admins=ADMIN, ops=RESPONDER, *=STAKEHOLDER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRoles {
    by_group: Vec<(String, Role)>,
    others: Option<Role>,
}

impl FromStr for GroupRoles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut found = Self {
            by_group: Vec::new(),
            others: None,
        };
        for pair in text.split(',').map(str::trim) {
            // A group's name may hold the sign, a role's does not.
            let (group, role) = pair
                .rsplit_once('=')
                .map(|(group, role)| (group.trim(), role.trim()))
                .filter(|(group, _)| !group.is_empty())
                .ok_or("is not of groups and roles; write such as ops-admins=ADMIN, ops=RESPONDER, *=STAKEHOLDER")?;
            let role = ROLES
                .into_iter()
                .find(|known| known.as_str() == role)
                .ok_or_else(|| {
                    format!("gives {group} a role that is none of OWNER, ADMIN, RESPONDER and STAKEHOLDER")
                })?;
            if group == OTHERS {
                if role == Role::Owner {
                    return Err("makes everybody an OWNER by *; name the group whose members own".to_owned());
                }
                if found.others.replace(role).is_some() {
                    return Err("names * twice".to_owned());
                }
                continue;
            }
            if found.by_group.iter().any(|(other, _)| other == group) {
                return Err(format!("names {group} twice"));
            }
            found.by_group.push((group.to_owned(), role));
        }
        if found.by_group.is_empty() {
            return Err("names no group; name one at least, such as ops=RESPONDER".to_owned());
        }
        Ok(found)
    }
}

impl GroupRoles {
    /// The role of somebody in these groups who has had another: of several the one with the most rights; none where no group gives one. Owners stay
    /// owners where no group makes any.
    pub(super) fn role(&self, groups: &[String], before: Role) -> Option<Role> {
        let makes_owners = self.by_group.iter().any(|(_, role)| *role == Role::Owner);
        if before == Role::Owner && !makes_owners {
            return Some(Role::Owner);
        }
        let given = self
            .by_group
            .iter()
            .filter(|(group, _)| groups.contains(group))
            .map(|(_, role)| *role)
            .collect::<Vec<_>>();
        ROLES
            .into_iter()
            .find(|role| given.contains(role))
            .or(self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(text: &str) -> GroupRoles {
        text.parse().expect("groups and roles")
    }

    fn role(text: &str, groups: &[&str], before: Role) -> Option<Role> {
        let groups: Vec<_> = groups.iter().map(|&group| group.to_owned()).collect();
        roles(text).role(&groups, before)
    }

    #[test]
    fn of_several_groups_the_one_with_the_most_rights_counts() {
        const MAP: &str = "ops=RESPONDER, ops-admins=ADMIN,a=b=STAKEHOLDER";
        assert_eq!(
            role(MAP, &["ops", "ops-admins", "x"], Role::Stakeholder),
            Some(Role::Admin)
        );
        assert_eq!(role(MAP, &["ops"], Role::Admin), Some(Role::Responder));
        assert_eq!(role(MAP, &["a=b"], Role::Admin), Some(Role::Stakeholder));
        assert_eq!(
            role(MAP, &["OPS", "ops "], Role::Admin),
            None,
            "groups are told letter by letter"
        );
        assert_eq!(role(MAP, &["*"], Role::Admin), None);
    }

    #[test]
    fn who_is_in_no_group_has_the_role_of_the_others_or_none() {
        assert_eq!(
            role("ops=ADMIN, *=STAKEHOLDER", &[], Role::Admin),
            Some(Role::Stakeholder)
        );
        assert_eq!(
            role("ops=ADMIN, *=STAKEHOLDER", &["*"], Role::Admin),
            Some(Role::Stakeholder)
        );
        assert_eq!(role("ops=ADMIN", &["x"], Role::Responder), None);
    }

    #[test]
    fn owners_stay_owners_where_no_group_makes_any() {
        assert_eq!(
            role("ops=ADMIN, *=STAKEHOLDER", &["ops"], Role::Owner),
            Some(Role::Owner)
        );
        assert_eq!(role("ops=ADMIN", &[], Role::Owner), Some(Role::Owner));
        assert_eq!(
            role("ops=ADMIN, chiefs=OWNER", &["ops"], Role::Owner),
            Some(Role::Admin)
        );
        assert_eq!(
            role("ops=ADMIN, chiefs=OWNER", &["chiefs"], Role::Responder),
            Some(Role::Owner)
        );
    }

    #[test]
    fn what_says_nothing_of_use_is_refused() {
        for bad in [
            "",
            "ops",
            "=ADMIN",
            "ops=",
            "ops=admin",
            "ops=BOSS",
            "ops=ADMIN,",
            "ops=ADMIN, ops=RESPONDER",
            "*=OWNER, ops=ADMIN",
            "*=ADMIN",
            "ops=ADMIN, *=ADMIN, *=STAKEHOLDER",
        ] {
            assert!(bad.parse::<GroupRoles>().is_err(), "{bad}");
        }
    }
}
