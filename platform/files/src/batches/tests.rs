//! Tables that are written and read back.

use super::*;
use std::sync::Arc;

fn all(path: &Path, columns: &[usize], most: usize) -> (Vec<Column>, Vec<BadRow>) {
    let mut batches = open_batches(path).unwrap();
    let (mut found, mut bad): (Vec<Column>, Vec<BadRow>) = (Vec::new(), Vec::new());
    while let Some(batch) = batches.next(columns, most).unwrap() {
        bad.extend(batch.bad);
        assert!(batch.rows <= most && batch.columns.iter().all(|column| column.len() == batch.rows));
        for (i, column) in batch.columns.into_iter().enumerate() {
            match (found.get_mut(i), column) {
                (None, column) => found.push(column),
                (Some(Column::Bool(all)), Column::Bool(more)) => all.extend(more),
                (Some(Column::Int(all)), Column::Int(more)) => all.extend(more),
                (Some(Column::Float(all)), Column::Float(more)) => all.extend(more),
                (Some(Column::Text(all)), Column::Text(more)) => all.extend(more),
                (Some(Column::Bytes(all)), Column::Bytes(more)) => all.extend(more),
                (Some(other), column) => unreachable!("{other:?} then {column:?}"),
            }
        }
    }
    (found, bad)
}

fn columns() -> Vec<Column> {
    vec![
        Column::Text(vec![Some("东湖花园".into()), None, Some("a,\"b\"".into())]),
        Column::Float(vec![Some(114.25), Some(-0.1), None]),
        Column::Int(vec![None, Some(-7), Some(1 << 40)]),
        Column::Bool(vec![Some(true), Some(false), None]),
        Column::Bytes(vec![Some(vec![1, 2, 255]), None, Some(vec![])]),
        Column::Numbered(Numbered {
            texts: Arc::new(vec!["同".to_owned(), "x,y".to_owned()]),
            of: vec![1, 0, 1],
        }),
    ]
}

fn written(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let header = ["名称", "lon", "n", "ok", "geometry", "few"].map(str::to_owned);
    let kinds: Vec<Kind> = columns().iter().map(Column::kind).collect();
    let mut writer = BatchWriter::create(Some(&path), &header, &kinds).unwrap();
    writer.write(&columns().iter().collect::<Vec<_>>()).unwrap();
    assert!(!path.exists(), "it has its name only when it is whole");
    writer.write(&columns().iter().collect::<Vec<_>>()).unwrap();
    writer.finish().unwrap();
    (folder, path)
}

#[test]
fn parquet_comes_back_as_it_was_whatever_the_batch() {
    let (_folder, path) = written("t.parquet");
    let batches = open_batches(&path).unwrap();
    assert_eq!((batches.header()[0].as_str(), batches.rows()), ("名称", Some(6)));
    for most in [1, 2, 4, 100] {
        let (found, _) = all(&path, &[0, 1, 2, 3, 4, 5], most);
        let twice = |column: &Column| (0..3).chain(0..3).map(|i| column.text(i)).collect::<Vec<_>>();
        for (found, expected) in found.iter().zip(columns()) {
            assert_eq!((0..6).map(|i| found.text(i)).collect::<Vec<_>>(), twice(&expected), "{most}");
            assert_eq!(found.kind(), expected.kind());
        }
    }
    assert_eq!(all(&path, &[1], 10).0[0].number(1), Some(-0.1));
}

#[test]
fn long_columns_of_parquet_are_read_at_once_without_disturbing_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.parquet");
    let cell = |column: usize, row: usize| {
        let mixed = (row * 8 + column).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{mixed:x}新华路{}号", mixed % 977)
    };
    let columns: Vec<Column> =
        (0..6).map(|column| Column::Text((0..40_000).map(|row| Some(cell(column, row))).collect())).collect();
    let header: Vec<String> = (0..6).map(|n| format!("c{n}")).collect();
    let mut writer = BatchWriter::create(Some(&path), &header, &[Kind::Text; 6]).unwrap();
    writer.write(&columns.iter().collect::<Vec<_>>()).unwrap();
    writer.finish().unwrap();
    for _ in 0..5 {
        assert!(all(&path, &[0, 1, 2, 3, 4, 5], 7000).0 == columns);
    }
    let seen: Vec<std::sync::Mutex<Vec<Option<String>>>> = (0..6).map(|_| Default::default()).collect();
    let mut batches = open_batches(&path).unwrap();
    let see: &SeeTexts = &|n, cells| cells.each(|cell| seen[n].lock().unwrap().push(cell.map(str::to_owned)));
    while batches.next_texts(&[0, 1, 2, 3, 4, 5], 7000, see).unwrap().is_some() {}
    let mut batches = open_batches(&path).unwrap();
    let told = std::sync::atomic::AtomicU64::new(0);
    let count = |rows: u64| {
        told.fetch_add(rows, std::sync::atomic::Ordering::Relaxed);
    };
    let batch = batches.all_texts(&[0, 1, 2, 3, 4, 5], see, &count).unwrap().unwrap();
    assert_eq!((batch.rows, told.into_inner(), batch.first_row), (40_000, 40_000, 1));
    assert!(batches.next(&[0], 10).unwrap().is_none());
    for (cells, column) in seen.into_iter().zip(columns) {
        // Once as batches and once as a whole.
        let rows: Vec<usize> = (0..40_000).chain(0..40_000).collect();
        assert!(Column::Text(cells.into_inner().unwrap()) == column.rows(&rows));
    }
}

#[test]
fn texts_that_come_again_are_read_by_number_and_empty_cells_stay_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("few.parquet");
    // Few texts, then so many that the writer gives its dictionary up, with empty cells and empty texts in between.
    let cell = |row: usize| match row % 7 {
        0 => None,
        1 => Some(String::new()),
        n if row < 60_000 => Some(["北苑区", "翠竹区", "x"][(row / 7 + n) % 3].to_owned()),
        _ => Some(format!("新华路{row}号甲乙丙丁")),
    };
    let column = Column::Text((0..130_000).map(cell).collect());
    let mut writer = BatchWriter::create(Some(&path), &["c".to_owned()], &[Kind::Text]).unwrap();
    writer.write(&[&column]).unwrap();
    writer.write(&[&Column::Text(vec![None; 9])]).unwrap();
    writer.finish().unwrap();
    for most in [1000, 8192, 200_000] {
        assert_eq!(
            all(&path, &[0], most).0[0].rows(&[1, 2, 77_777, 130_004]),
            column.rows(&[1, 2, 77_777, 0])
        );
        let (numbered, texts) = (std::sync::Mutex::new(0), std::sync::Mutex::new(Vec::new()));
        let see: &SeeTexts = &|_, cells| {
            if let Cells::Numbered(_, numbers) = &cells {
                *numbered.lock().unwrap() += numbers.len();
            }
            cells.each(|cell| texts.lock().unwrap().push(cell.map(str::to_owned)));
        };
        let mut batches = open_batches(&path).unwrap();
        while batches.next_texts(&[0], most, see).unwrap().is_some() {}
        let expected = (0..130_000).map(cell).chain([const { None }; 9]).collect::<Vec<_>>();
        assert!(texts.into_inner().unwrap() == expected);
        let numbered = numbered.into_inner().unwrap();
        assert!((60_000..130_000).contains(&numbered), "{numbered} by number");
    }
}

#[test]
fn csv_keeps_every_cell_and_says_which_rows_are_broken() {
    let (folder, path) = written("t.csv");
    let (found, bad) = all(&path, &[0, 1, 4], 2);
    assert_eq!(found[0].text(2), "a,\"b\"");
    assert_eq!((found[1].number(1), found[2].text(0).as_str()), (Some(-0.1), "0102ff"));
    assert_eq!(bad, []);
    let broken = folder.path().join("b.csv");
    std::fs::write(&broken, "id,lon\n1,2\n3\n4,5,6\n7,8\n").unwrap();
    let (found, bad) = all(&broken, &[0], 10);
    assert_eq!((found[0].text(0), found[0].text(1), found[0].len()), ("1".into(), "7".into(), 2));
    assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn csv_in_gb18030_is_read_as_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gb.csv");
    let row = |n: usize| format!("{n},新华路{n}号东湖花园");
    let table: String = (0..30_000).map(|n| row(n) + "\n").collect();
    let (bytes, _, _) = encoding_rs::GB18030.encode(&table);
    std::fs::write(&path, [b"id,address\n".as_slice(), &bytes].concat()).unwrap();
    let (found, bad) = all(&path, &[0, 1], 7000);
    assert_eq!((found[0].len(), bad), (30_000, vec![]));
    for n in [0, 12_345, 29_999] {
        assert_eq!(format!("{},{}", found[0].text(n), found[1].text(n)), row(n));
    }
}

#[test]
fn what_is_no_table_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    std::fs::write(&path, "no parquet").unwrap();
    let error = open_batches(&path).err().unwrap().to_string();
    assert!(error.contains("x.parquet"), "{error}");
    assert!(matches!(open_batches(&folder.path().join("y.txt")), Err(FileError::Format(_))));
}
