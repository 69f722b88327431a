//! Invented accounts for a demonstration: one for each role, and a worker for every cell in force.

use crate::assembly::App;
use gridweave_access::ops::create_account;
use gridweave_core::{CellCode, Ctx, DivisionCode, Grant, Role, Scope};
use gridweave_db::OpError;
use gridweave_territory::ops::assign_worker;
use gridweave_territory::queries::{children, drawn_cells};

/// The password of every account of the demonstration.
pub const PASSWORD: &str = "gridweave-demo";

/// The sign-in name of a department's handler: `handler` for the water company's.
pub fn handler_login(department: &str) -> String {
    if department == "water" { "handler".to_owned() } else { format!("handler-{department}") }
}

/// Makes the accounts over the cells in force; gives how many workers there are. Base cells are
/// numbered in the order of their codes: `worker001` has the first.
pub fn create(app: &App) -> Result<usize, OpError> {
    let zone = app.system.zone.clone();
    let departments = app.catalogues.cases.departments.clone();
    app.db.write_blocking(move |tx| {
        // Passwords must be safe even when everything else is replayed from a seed.
        let ctx = Ctx::system(zone.clone());
        let cells: Vec<(String, CellCode)> = drawn_cells(tx)?
            .into_iter()
            .filter_map(|cell| CellCode::from_number(cell.code).map(|code| (cell.network, code)))
            .collect();
        let first = cells.iter().find(|(network, _)| network == "base").map(|(_, code)| code.community());
        let street = first.and_then(DivisionCode::parent);
        let city = match first {
            Some(community) => DivisionCode::from_number(community.number() / 100_000_000 * 100_000_000),
            None => {
                children(tx, 0, Scope::EVERYWHERE)?.first().and_then(|d| DivisionCode::from_number(d.code))
            }
        };
        let mut make = |login: &str, name: &str, role, division, department: Option<&str>| {
            let input = create_account::Input {
                login: login.to_owned(),
                name: name.to_owned(),
                department: department.map(str::to_owned),
                password: Some(PASSWORD.to_owned()),
                grants: vec![Grant { role, division }],
            };
            create_account::run(tx, &ctx, &input).map(|made| made.account)
        };
        make("operator", "坐席 陈静", Role::Operator, None, None)?;
        make("operator2", "值班长 周涛", Role::Operator, None, None)?;
        make("street", "街道 李敏", Role::StreetStaff, street, None)?;
        for department in &departments {
            let name = if department.code == "water" {
                "水务 张强"
            } else {
                &format!("{} 经办", department.zh)
            };
            let login = handler_login(&department.code);
            make(&login, name, Role::DepartmentHandler, None, Some(&department.code))?;
        }
        make("steward", "数据管理 钱芳", Role::Steward, None, None)?;
        make("planner", "规划 吴磊", Role::Planner, city, None)?;
        make("admin", "管理员", Role::Administrator, None, None)?;
        make("auditor", "审计 郑华", Role::Auditor, None, None)?;
        let mut assigned = Vec::new();
        let mut base = 0;
        for (n, (network, cell)) in cells.iter().enumerate() {
            let (login, title) = if network == "base" {
                base += 1;
                (format!("worker{base:03}"), "网格员")
            } else {
                (format!("zone-{network}-{n}"), "专员")
            };
            let name = format!("{title} {}", invented_name(n));
            let account = make(&login, &name, Role::GridWorker, Some(cell.community()), None)?;
            assigned.push((network, *cell, account));
        }
        let count = assigned.len();
        for (network, cell, account) in assigned {
            assign_worker::run(tx, &ctx, network, cell, &[account])?;
        }
        Ok(count)
    })
}

fn invented_name(n: usize) -> String {
    const FAMILY: [&str; 12] = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙"];
    const GIVEN: [&str; 10] =
        ["建国", "桂兰", "志强", "秀英", "文斌", "晓燕", "海涛", "丽华", "俊杰", "春梅"];
    format!("{}{}", FAMILY[n % 12], GIVEN[n / 12 % 10])
}
