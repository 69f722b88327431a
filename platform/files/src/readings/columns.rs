//! Which column of a table of readings is what.

use super::{BadReadings, Moment, Times};
use crate::batches::Batches;
use std::path::Path;

/// Names that columns have, for those who do not say.
const METERS: &[&str] = &[
    "meter",
    "meter_id",
    "meterid",
    "household",
    "household_id",
    "customer",
    "lclid",
    "device",
    "id",
    "户号",
    "表号",
    "水表号",
];
const TIMES: &[&str] = &[
    "time",
    "ts",
    "timestamp",
    "date",
    "day",
    "datetime",
    "date_time",
    "tstp",
    "时间",
    "日期",
    "抄表时间",
    "统计日期",
];
const VALUES: &[&str] = &[
    "value",
    "use",
    "usage",
    "used",
    "consumption",
    "kwh",
    "m3",
    "litres",
    "liters",
    "diff",
    "energy",
    "volume",
    "用量",
    "用水量",
    "用电量",
    "reading",
    "register",
    "index",
    "读数",
    "表底",
    "表码",
];
/// Which column is what; found by its name where it is not said.
#[derive(Clone, Debug, Default)]
pub struct ReadingColumns {
    /// Of the meter.
    pub meter: Option<String>,
    /// Of the time.
    pub time: Option<String>,
    /// Of the value.
    pub value: Option<String>,
    /// Of the address that comes with a reading; only where it is said.
    pub address: Option<String>,
}

/// How a file's columns are to be read.
pub(super) enum Shape {
    Long {
        meter: usize,
        time: usize,
        value: usize,
        address: Option<usize>,
    },
    /// A row for each meter, a column for each time.
    ByTime {
        meter: usize,
        times: Vec<(usize, Moment)>,
    },
    /// A row for each time, a column for each meter.
    ByMeter {
        time: usize,
        meters: Vec<usize>,
    },
}

/// How a table is to be read: as it was said, else by the names of its columns.
pub(super) fn shape(
    wanted: &ReadingColumns,
    path: &Path,
    table: &dyn Batches,
    times: &mut Times,
) -> Result<Shape, BadReadings> {
    let header = table.header();
    let file = || path.display().to_string();
    let given = |name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => match header.iter().position(|column| column == name) {
            Some(at) => Ok(Some(at)),
            None => {
                Err(BadReadings::NoColumn { file: file(), wanted: name.clone(), header: header.to_vec() })
            }
        },
    };
    let known = |names: &[&str]| {
        names.iter().find_map(|name| header.iter().position(|column| column.trim().to_lowercase() == *name))
    };
    let meter = given(&wanted.meter)?.or_else(|| known(METERS));
    let time = given(&wanted.time)?.or_else(|| known(TIMES));
    let value =
        given(&wanted.value)?.or_else(|| known(VALUES).filter(|at| Some(*at) != meter && Some(*at) != time));
    // A company may leave out the address where it has told it before.
    let address = wanted.address.as_ref().and_then(|name| header.iter().position(|column| column == name));
    if let (Some(meter), Some(time), Some(value)) = (meter, time, value) {
        return Ok(Shape::Long { meter, time, value, address });
    }
    let dated: Vec<(usize, Moment)> =
        header.iter().enumerate().filter_map(|(at, name)| Some((at, times.text(name)?))).collect();
    if let (Some(meter), true) = (meter, dated.len() >= 2) {
        let times = dated.into_iter().filter(|(at, _)| *at != meter).collect();
        return Ok(Shape::ByTime { meter, times });
    }
    // Also of a single meter: its column is its name.
    if let (Some(time), None, None) = (time, meter, &wanted.value) {
        let meters: Vec<usize> = (0..header.len()).filter(|at| *at != time).collect();
        if !meters.is_empty() {
            return Ok(Shape::ByMeter { time, meters });
        }
    }
    let missing = [("--meter", meter), ("--time", time), ("--value", value)];
    let missing = missing.into_iter().filter_map(|(flag, found)| found.is_none().then_some(flag)).collect();
    Err(BadReadings::Unclear { file: file(), missing, header: header.to_vec() })
}
