//! Topics of MQTT that a feed listens to, with levels that say what a message leaves out.
//!
//! `water/{meter}/daily` listens to `water/+/daily`, and the level in braces is the meter of a message that names none.
//! Levels and wildcards are those of MQTT 3.1.1, section 4.7.

/// The topic of a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    levels: Vec<Level>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    Text(String),
    Any,
    Named(String),
    Rest,
}

impl Topic {
    /// Reads a declaration; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.starts_with('$') {
            return Err(format!("topic {text:?}: a topic is not empty and does not begin with $"));
        }
        let last = text.split('/').count() - 1;
        let mut levels = Vec::new();
        for (number, level) in text.split('/').enumerate() {
            let named = level.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            levels.push(match (level, named) {
                ("+", _) => Level::Any,
                ("#", _) if number == last => Level::Rest,
                ("#", _) => return Err(format!("topic {text:?}: # stands at the end only")),
                (_, Some(name)) if levels.contains(&Level::Named(name.to_owned())) => {
                    return Err(format!("topic {text:?}: {{{name}}} stands there twice"));
                }
                (_, Some(name)) => Level::Named(name.to_owned()),
                _ if level.contains(['+', '#', '{', '}', '\0']) => {
                    return Err(format!("topic {text:?}: +, # and {{name}} are levels of their own"));
                }
                _ => Level::Text(level.to_owned()),
            });
        }
        Ok(Self { levels })
    }

    /// What to subscribe to.
    pub fn filter(&self) -> String {
        let level = |level: &Level| match level {
            Level::Text(text) => text.clone(),
            Level::Any | Level::Named(_) => "+".to_owned(),
            Level::Rest => "#".to_owned(),
        };
        self.levels.iter().map(level).collect::<Vec<_>>().join("/")
    }

    /// The names of its levels in braces.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.levels.iter().filter_map(|level| match level {
            Level::Named(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// What the levels of a message's topic say, by name; none where it is another topic.
    pub fn read<'a>(&'a self, topic: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let mut named = Vec::new();
        let mut given = topic.split('/');
        for level in &self.levels {
            if *level == Level::Rest {
                return Some(named);
            }
            let text = given.next()?;
            match level {
                Level::Text(own) if own != text => return None,
                Level::Named(name) => named.push((name.as_str(), text)),
                _ => {}
            }
        }
        given.next().is_none().then_some(named)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn levels_in_braces_are_read_and_other_topics_are_not_ours() {
        let topic = Topic::parse("city/{meter}/+/daily").unwrap();
        assert_eq!(topic.filter(), "city/+/+/daily");
        assert_eq!(topic.read("city/W1/x/daily"), Some(vec![("meter", "W1")]));
        for other in ["city/W1/x", "city/W1/x/daily/more", "town/W1/x/daily"] {
            assert_eq!(topic.read(other), None, "{other}");
        }
        let rest = Topic::parse("water/#").unwrap();
        assert_eq!((rest.read("water"), rest.read("water/a/b")), (Some(vec![]), Some(vec![])));
        for wrong in ["", "$share/a/b", "a/#/b", "a/b+", "{meter}/{meter}", "x{meter}"] {
            assert!(Topic::parse(wrong).is_err(), "{wrong}");
        }
    }
}
