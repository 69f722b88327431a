//! Letters that are taken for each other because they look alike: a table of groups, `shapes.txt`.

use hashbrown::HashSet;
use std::sync::LazyLock;

static ALIKE: LazyLock<HashSet<(char, char)>> = LazyLock::new(|| {
    let groups = include_str!("shapes.txt").split_whitespace();
    groups.flat_map(|group| group.chars().flat_map(move |a| group.chars().map(move |b| (a, b)))).collect()
});

/// Are the letters of two texts, each at its place, the same or of a like shape?
pub fn alike(x: &str, y: &str) -> bool {
    x.chars().count() == y.chars().count() && all_alike(x.chars(), y.chars())
}

/// Are letters, each at its place, the same or of a like shape, as far as both go?
pub(crate) fn all_alike(x: impl Iterator<Item = char>, y: impl Iterator<Item = char>) -> bool {
    x.zip(y).all(|(a, b)| a == b || ALIKE.contains(&(a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_a_like_shape_are_found_each_at_its_place() {
        assert!(alike("王伟", "玉玮") && alike("杨末", "扬未"));
        assert!(!alike("王伟", "王芳") && !alike("王伟", "王伟伟") && !alike("王伟", "伟王"));
    }
}
