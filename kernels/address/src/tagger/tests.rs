//! Learning from a handful of addresses, and what must hold for any text.

use super::*;
use crate::ElementKind::*;
use proptest::prelude::*;

const SOME: &str = "\
浙 B-prov\n江 I-prov\n省 I-prov\n杭 B-city\n州 I-city\n市 I-city\n文 B-road\n一 I-road\n路 I-road\n12 B-roadno\n号 I-roadno\n
江 B-prov\n苏 I-prov\n省 I-prov\n苏 B-city\n州 I-city\n市 I-city\n长 B-road\n江 I-road\n路 I-road\n7 B-roadno\n号 I-roadno\n
杭 B-city\n州 I-city\n市 I-city\n翠 B-poi\n苑 I-poi\n3 B-houseno\n- B-redundant\n502 B-roomno\n";

fn learnt() -> Tagger {
    let addresses = read_bio(SOME).unwrap();
    let options =
        TrainOptions { epochs: 12, members: 2, seen_min: 1, hidden: 0.0, ..TrainOptions::default() };
    train(&addresses, &options, &|_| {})
}

#[test]
fn what_was_learnt_is_found_again_and_lasts_in_a_file() {
    let tagger = learnt();
    assert_eq!(tagger.scores(&read_bio(SOME).unwrap()).all().f1, 1.0);
    let found: Vec<_> =
        tagger.elements("江苏省 杭州市长江路８号").into_iter().map(|e| (e.kind, e.text)).collect();
    let expected = [(Prov, "江苏省"), (City, "杭州市"), (Road, "长江路"), (RoadNo, "８号")];
    assert!(expected.iter().all(|(kind, text)| found.contains(&(*kind, (*text).to_owned()))), "{found:?}");
    let bytes = tagger.to_bytes();
    let again = Tagger::from_bytes(&bytes).unwrap();
    assert_eq!(again.to_bytes(), bytes);
    assert_eq!(again.elements("杭州市文一路7号"), tagger.elements("杭州市文一路7号"));
    assert_eq!(learnt().to_bytes(), bytes, "the same seed learns the same");
}

#[test]
fn the_model_that_ships_opens_and_cuts_addresses() {
    let tagger = shipped().unwrap();
    let found: Vec<_> =
        tagger.elements("中兴路18号锦绣花园3栋2单元502室").into_iter().map(|e| (e.kind, e.text)).collect();
    let expected = [
        (Road, "中兴路"),
        (RoadNo, "18号"),
        (Poi, "锦绣花园"),
        (HouseNo, "3栋"),
        (CellNo, "2单元"),
        (RoomNo, "502室"),
    ];
    assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
}

#[test]
fn a_damaged_or_foreign_model_is_refused() {
    let mut bytes = learnt().to_bytes();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert_eq!(Tagger::from_bytes(&bytes).err(), Some(ModelError::Damaged));
    assert_eq!(Tagger::from_bytes(&bytes[..20]).err(), Some(ModelError::Damaged));
    assert_eq!(Tagger::from_bytes(b"something").err(), Some(ModelError::Foreign));
}

#[test]
fn lines_that_are_no_labels_are_told_with_their_place() {
    assert_eq!(read_bio("浙 B-prov\n江\n").err(), Some(BioError::Label { line: 2, text: "江".to_owned() }));
    let kind = read_bio("浙 B-planet\n").err();
    assert_eq!(kind, Some(BioError::Kind { line: 1, kind: "planet".to_owned() }));
    assert!(kind.unwrap().to_string().contains("roomno"));
    // In any case, and an inside without a beginning begins one.
    let read = read_bio("路 I-subRoad\n内 I-subroad\n").unwrap();
    assert_eq!(read[0].labels, [(SubRoad, true), (SubRoad, false)]);
}

#[test]
fn scores_count_as_conll_does() {
    let gold = [(Prov, true), (Prov, false), (City, true), (Road, true)];
    let found = [(Prov, true), (Prov, false), (City, true), (City, false)];
    let mut scores = Scores::default();
    scores.add(&gold, &found);
    let all = scores.all();
    assert_eq!((all.precision, all.recall), (0.5, 1.0 / 3.0));
    assert_eq!(scores.per_kind()[&Prov].f1, 1.0);
}

proptest! {
    #[test]
    fn any_text_gives_elements_in_order(text in "\\PC{0,60}") {
        let tagger = Tagger::from_bytes(&learnt_once()).unwrap();
        let letters: Vec<char> = text.chars().collect();
        let mut at = 0;
        for element in tagger.elements(&text) {
            prop_assert!(element.start >= at && element.end > element.start);
            let written: String = letters[element.start..element.end].iter().collect();
            prop_assert_eq!(&written, &element.text);
            at = element.end;
        }
    }
}

fn learnt_once() -> Vec<u8> {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES.get_or_init(|| learnt().to_bytes()).clone()
}
