//! What speaks for and against an anchor: names that agree, names that contradict, letters left over.

use crate::ElementKind;
use crate::letters::{Letter, begin_with, letters};
use crate::library::{AddressIndex, DIVISIONS, Mention, NONE, Names, cost, number_code};
use crate::normalise::is_numeral;
use crate::rules::RULES;

/// A name that agrees speaks for the anchor.
const NAME_AGREES: f32 = 5.0;
/// A road with its number says as much.
const NUMBER_AGREES: f32 = 5.0;
/// A division that agrees says the more the smaller it is.
const DIVISION_AGREES: [f32; 5] = [0.2, 0.3, 0.8, 1.2, 2.0];
const CONTRADICTED: f32 = 7.0;
/// A letter of a name that the anchor does not explain.
const LETTER_LEFT: f32 = 1.6;

/// What a letter of an alphabet says beside a Chinese one.
const ALPHABETIC: f32 = 0.3;

/// A text with the names that may stand in it.
pub(super) struct Text<'a> {
    library: &'a AddressIndex,
    names: Names<'a>,
    letters: &'a [Letter],
    mentions: &'a [Mention],
    /// Divisions that stand at the front, whether or not the library knows them.
    divisions: Vec<(usize, Vec<Letter>)>,
}

/// What an anchor explains of a text.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub anchor: u32,
    pub weight: f32,
    /// Where the numbers below it begin.
    pub end: usize,
    /// Divisions that agree, by their place in [`DIVISIONS`].
    agreed: [bool; 5],
    /// A name is written otherwise: its place in the text's mentions.
    respelled: Option<u32>,
    contradicted: bool,
}

impl Reading {
    /// Does the text say of something that it is otherwise?
    pub fn contradicts(&self) -> bool {
        self.contradicted
    }

    /// In words for faces.
    pub fn reasons(&self, library: &AddressIndex) -> Vec<String> {
        let names = library.names();
        let anchor = &library.anchors()[self.anchor as usize];
        let mut found = Vec::new();
        for (at, agreed) in self.agreed.iter().enumerate() {
            if *agreed {
                found.push(format!("division_agrees:{}", names.name(anchor.divisions[at])));
            }
        }
        found.extend(self.respelled.map(|name| format!("written_as:{}", names.name(name))));
        if self.contradicted {
            found.push("contradicted".to_owned());
        }
        found
    }
}

/// A number that stands at a place of a text, and where it ends with its 号.
pub(super) fn number_at(letters: &[Letter], at: usize) -> Option<(u32, usize)> {
    let mut end = at;
    while end < letters.len() && is_numeral(letters[end].letter) {
        end += 1;
    }
    let mut text: String = letters[at..end].iter().map(|l| l.letter).collect();
    // 12-2号, 12号附2号, 12号之2
    let mut more = |from: usize| -> Option<usize> {
        let digits = letters[from..].iter().take_while(|l| l.is_digit()).count();
        if digits == 0 {
            return None;
        }
        text =
            format!("{}-{}", text, letters[from..from + digits].iter().map(|l| l.letter).collect::<String>());
        Some(from + digits)
    };
    if end == at {
        return None;
    }
    let is = |at: usize, letter: char| letters.get(at).is_some_and(|l| l.letter == letter);
    if is(end, '-')
        && letters[end + 1..]
            .iter()
            .position(|l| !l.is_digit())
            .is_some_and(|n| n > 0 && is(end + 1 + n, '号'))
    {
        end = more(end + 1).unwrap_or(end);
    }
    if is(end, '号') && !is(end + 1, '楼') {
        end += 1;
        if (is(end, '附') || is(end, '之'))
            && let Some(to) = more(end + 1)
        {
            end = to + usize::from(is(to, '号'));
        }
    }
    Some((number_code(&text), end))
}

impl<'a> Text<'a> {
    pub fn of(
        library: &'a AddressIndex,
        text: &'a [Letter],
        mentions: &'a [Mention],
        divisions: &[(ElementKind, String)],
    ) -> Self {
        let divisions = divisions
            .iter()
            .filter_map(|(kind, name)| Some((DIVISIONS.iter().position(|d| d == kind)?, letters(name))))
            .collect();
        Self { library, names: library.names(), letters: text, mentions, divisions }
    }

    /// Anchors that the text may mean, at most so many.
    pub fn anchors(&self, most: usize) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        for mention in self.mentions {
            let roads = self.names.on_road(mention.name);
            let on = |code: u32| {
                let anchors = self.library.anchors();
                let from = roads.partition_point(|anchor| anchors[*anchor as usize].number < code);
                let to = roads.partition_point(|anchor| anchors[*anchor as usize].number <= code);
                &roads[from..to]
            };
            let fits = match number_at(self.letters, mention.end) {
                Some((code, _)) => on(code),
                None => on(NONE),
            };
            found.extend(fits.iter().take(most));
            found.extend(self.names.compounds(mention.name).iter().take(most));
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(most);
        found
    }

    /// The best mention of a name.
    fn mention(&self, name: u32) -> Option<&Mention> {
        let of = self.mentions.iter().filter(|mention| mention.name == name && name != NONE);
        // Of two that cost the same the one with fewer letters takes none from the names beside it.
        of.min_by(|a, b| a.cost.total_cmp(&b.cost).then((a.end - a.start).cmp(&(b.end - b.start))))
    }

    /// The best mention of a road: where its number follows, or any. 建设街道 says 建设街 too.
    fn road_mention(&self, name: u32, number: u32) -> Option<&Mention> {
        let of = self.mentions.iter().filter(|mention| mention.name == name && name != NONE);
        of.min_by(|a, b| {
            let follows =
                |m: &Mention| number_at(self.letters, m.end).is_some_and(|(code, _)| code == number);
            let by_number = follows(b).cmp(&follows(a));
            by_number.then(a.cost.total_cmp(&b.cost)).then((a.end - a.start).cmp(&(b.end - b.start)))
        })
    }

    /// Weighs an anchor.
    pub fn read(&self, number: u32) -> Reading {
        let anchor = &self.library.anchors()[number as usize];
        let mut reading = Reading {
            anchor: number,
            weight: 0.0,
            end: 0,
            agreed: [false; 5],
            respelled: None,
            contradicted: false,
        };
        let mut explained = vec![false; self.letters.len()];
        let mut explain = |from: usize, to: usize| explained[from..to].fill(true);
        if let Some(mention) = self.mention(anchor.compound) {
            reading.weight += NAME_AGREES - mention.cost;
            reading.end = mention.end;
            reading.respelled = (mention.cost > 0.0).then_some(mention.name);
            explain(mention.start, mention.end);
        }
        if let Some(mention) = self.road_mention(anchor.road, anchor.number) {
            match number_at(self.letters, mention.end) {
                Some((code, end)) if code == anchor.number => {
                    reading.weight += NUMBER_AGREES - mention.cost;
                    reading.end = reading.end.max(end);
                    explain(mention.start, end);
                }
                Some(_) if anchor.number != NONE => {
                    reading.weight -= CONTRADICTED;
                    reading.contradicted = true;
                    explain(mention.start, mention.end);
                }
                _ => {
                    reading.weight += if anchor.number == NONE { NAME_AGREES } else { 1.0 } - mention.cost;
                    reading.end = reading.end.max(mention.end);
                    explain(mention.start, mention.end);
                }
            }
            if mention.cost > 0.0 {
                reading.respelled = Some(mention.name);
            }
        }
        self.divisions_of(anchor.divisions, &mut reading, &mut explained);
        // What lies before the first word of the anchor may say more than the library knows; what lies in between
        // may not.
        let first = explained.iter().position(|is| *is).unwrap_or(0);
        let said = |at: &usize| match self.letters[*at] {
            letter if letter.is_alphabetic() => ALPHABETIC,
            letter => f32::from(u8::from(letter.is_wordy())),
        };
        let left: f32 = (first..reading.end).filter(|at| !explained[*at]).map(|at| said(&at)).sum();
        let left = left - self.filled(first, reading.end, &explained) as f32;
        let before: f32 = (0..first).map(|at| said(&at)).sum();
        let named: usize = self.divisions.iter().map(|(_, name)| name.len()).sum();
        reading.weight -= left * LETTER_LEFT + (before - named as f32).max(0.0) * 0.8;
        reading
    }

    /// Letters in between that only fill.
    fn filled(&self, from: usize, to: usize, explained: &[bool]) -> usize {
        let mut count = 0;
        let mut at = from;
        while at < to {
            let word = RULES.fillers.iter().find(|word| {
                begin_with(&self.letters[at..to], word.iter().copied())
                    && !explained[at..at + word.len()].contains(&true)
            });
            match word {
                Some(word) => {
                    count += word.iter().filter(|c| !c.is_ascii()).count();
                    at += word.len();
                }
                None => at += 1,
            }
        }
        count
    }

    /// Divisions that agree or contradict.
    fn divisions_of(&self, known: [u32; 5], reading: &mut Reading, explained: &mut [bool]) {
        for (at, name) in known.iter().enumerate() {
            // Said twice it says no more, but is explained.
            let free =
                |m: &&Mention| m.name == *name && *name != NONE && !explained[m.start..m.end].contains(&true);
            let best = self.mentions.iter().filter(free).map(|m| m.cost).min_by(f32::total_cmp);
            let Some(best) = best else { continue };
            reading.weight += DIVISION_AGREES[at] - best * 0.3;
            reading.agreed[at] = true;
            for mention in self.mentions.iter().filter(|m| m.name == *name && m.cost <= best) {
                explained[mention.start..mention.end].fill(true);
            }
        }
        for (at, written) in &self.divisions {
            let name = self.names.name(known[*at]);
            if name.is_empty() || reading.agreed[*at] {
                continue;
            }
            if cost(written, &letters(name)).is_none_or(|cost| cost > 3.0) {
                reading.weight -= CONTRADICTED;
                reading.contradicted = true;
            }
        }
    }
}
