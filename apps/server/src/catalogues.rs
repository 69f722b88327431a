//! The catalogues: built in, replaced file by file by a city's own folder.

use gridweave_cases::Catalogue;
use gridweave_signals::{Feed, Rules};
use gridweave_visits::Forms;
use std::path::Path;

#[derive(rust_embed::RustEmbed)]
#[folder = "../../catalogues/"]
struct BuiltIn;

/// Everything that a city may change without touching code.
pub struct Catalogues {
    /// Categories and departments.
    pub cases: Catalogue,
    /// What turns signals into work.
    pub rules: Rules,
    /// Feeds by name.
    pub feeds: Vec<Feed>,
    /// Forms.
    pub forms: Forms,
}

/// Why the catalogues were not taken: file and place.
#[derive(Debug, thiserror::Error)]
#[error("catalogue {file}: {why}")]
pub struct CatalogueError {
    /// Which file.
    pub file: String,
    /// What is wrong.
    pub why: String,
}

fn text(folder: Option<&Path>, name: &str) -> Result<String, CatalogueError> {
    let bad = |why: String| CatalogueError { file: name.to_owned(), why };
    if let Some(path) = folder.map(|folder| folder.join(name)).filter(|path| path.exists()) {
        return std::fs::read_to_string(path).map_err(|error| bad(error.to_string()));
    }
    let file = BuiltIn::get(name).ok_or_else(|| bad("is not there".to_owned()))?;
    String::from_utf8(file.data.into_owned()).map_err(|error| bad(error.to_string()))
}

/// The names of files below a folder of the catalogues, built in and the city's own.
fn names(folder: Option<&Path>, below: &str, ending: &str) -> Vec<String> {
    let mut found: std::collections::BTreeSet<String> =
        BuiltIn::iter().map(|name| name.into_owned()).filter(|name| name.starts_with(below)).collect();
    if let Some(entries) = folder.and_then(|folder| std::fs::read_dir(folder.join(below)).ok()) {
        for entry in entries.flatten() {
            found.insert(format!("{below}{}", entry.file_name().to_string_lossy()));
        }
    }
    found.into_iter().filter(|name| name.ends_with(ending)).collect()
}

impl Catalogues {
    /// Reads and checks everything; the first fault is named with its file.
    pub fn load(folder: Option<&Path>) -> Result<Self, CatalogueError> {
        let bad = |file: &str| {
            let file = file.to_owned();
            move |why: String| CatalogueError { file, why }
        };
        let cases =
            Catalogue::from_toml(&text(folder, "categories.toml")?).map_err(bad("categories.toml"))?;
        let rules =
            Rules::from_toml(&text(folder, "rules/visits.toml")?).map_err(bad("rules/visits.toml"))?;
        let mut feeds = Vec::new();
        for name in names(folder, "feeds/", ".toml") {
            feeds.push(Feed::from_toml(&text(folder, &name)?).map_err(bad(&name))?);
        }
        let mut forms = Vec::new();
        for name in names(folder, "forms/", ".json") {
            let short = name.trim_start_matches("forms/").trim_end_matches(".json").to_owned();
            forms.push((short, text(folder, &name)?));
        }
        let forms = Forms::new(forms).map_err(bad("forms/"))?;
        for rule in &rules.rules {
            let known =
                matches!(rule.then.as_str(), "silence" | "watch") || cases.category(&rule.then).is_some();
            if !known {
                return Err(bad("rules/visits.toml")(format!("rule {}: no category {}", rule.id, rule.then)));
            }
        }
        if let Some(lost) = cases.categories.iter().find(|category| forms.schema(&category.form).is_none()) {
            return Err(bad("categories.toml")(format!("category {}: no form {}", lost.code, lost.form)));
        }
        Ok(Self { cases, rules, feeds, forms })
    }

    /// The feed of a name.
    pub fn feed(&self, name: &str) -> Option<&Feed> {
        self.feeds.iter().find(|feed| feed.name == name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_built_in_ones_are_whole_and_a_city_may_replace_one_file() {
        let built_in = Catalogues::load(None).unwrap();
        assert!(built_in.feeds.len() >= 4 && built_in.feed("water-daily").is_some());
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("rules")).unwrap();
        let rule = "[[rule]]\nid='x'\nkinds=['return']\nthen='no.such'\nzh='x'\nen='x'\n";
        std::fs::write(folder.path().join("rules/visits.toml"), rule).unwrap();
        let error = Catalogues::load(Some(folder.path())).err().unwrap();
        assert!(error.to_string().contains("no.such"));
    }
}
