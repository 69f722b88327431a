//! Categories and departments: `catalogues/categories.toml`.

use serde::{Deserialize, Serialize};

/// 事项类别.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Stable code.
    pub code: String,
    /// 名称。
    pub zh: String,
    /// Name.
    pub en: String,
    /// `urgent` or `normal`.
    pub urgency: String,
    /// Minutes from intake to the limit.
    pub limit_min: i64,
    /// Department that handles it when no worker does.
    pub department: String,
    /// Form that a worker fills in.
    pub form: String,
    /// Network whose worker goes.
    pub network: String,
}

/// 职能部门.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// Stable code.
    pub code: String,
    /// 名称。
    pub zh: String,
    /// Name.
    pub en: String,
}

/// What a visit's finding asks for beyond the case that sent it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// Outcome of a care visit: `needs_help`, `not_found`.
    pub care: String,
    /// Category of the case that it opens for the category's department.
    pub category: String,
    /// 理由。
    pub zh: String,
    /// The reason in English.
    pub en: String,
}

/// The catalogue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Categories.
    #[serde(default, rename = "category")]
    pub categories: Vec<Category>,
    /// Departments.
    #[serde(default, rename = "department")]
    pub departments: Vec<Department>,
    /// What findings ask for.
    #[serde(default, rename = "follow_up")]
    pub follow_ups: Vec<FollowUp>,
}

impl Catalogue {
    /// Reads the catalogue; unknown keys and categories of unknown departments are refused.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let read: Catalogue = toml::from_str(text).map_err(|error| error.to_string())?;
        let lost = read.categories.iter().find(|category| read.department(&category.department).is_none());
        if let Some(category) = lost {
            return Err(format!(
                "category {}: there is no department {}",
                category.code, category.department
            ));
        }
        match read.follow_ups.iter().find(|follow| read.category(&follow.category).is_none()) {
            Some(follow) => {
                Err(format!("follow_up {}: there is no category {}", follow.care, follow.category))
            }
            None => Ok(read),
        }
    }

    /// The category of a code.
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.code == code)
    }

    /// The department of a code.
    pub fn department(&self, code: &str) -> Option<&Department> {
        self.departments.iter().find(|department| department.code == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_catalogue_is_whole() {
        let read = Catalogue::from_toml(include_str!("../../../catalogues/categories.toml"));
        assert!(read.is_ok_and(|catalogue| catalogue.categories.len() >= 8));
        assert!(Catalogue::from_toml("[[category]]\ncolour = 1").is_err());
        let lost = "[[follow_up]]\ncare = 'needs_help'\ncategory = 'no.such'\nzh = 'x'\nen = 'x'\n";
        assert!(Catalogue::from_toml(lost).is_err_and(|why| why.contains("no.such")));
    }
}
