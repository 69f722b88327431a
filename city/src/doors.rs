//! Buildings, units and rooms on the ground.

use crate::layout::Ground;
use gridweave_atlas::{Point, Shape};
use gridweave_core::Rng;

/// A node of the address tree.
#[derive(Clone, Debug)]
pub struct Place {
    /// Code.
    pub code: String,
    /// `compound`, `building`, `unit`, `room`.
    pub kind: &'static str,
    /// Code of the place above.
    pub parent: Option<String>,
    /// Its own element.
    pub name: String,
    /// Standard address.
    pub address: String,
    /// Where.
    pub at: Point,
    /// Outline.
    pub outline: Option<Shape>,
    /// Division of 12 digits.
    pub division: i64,
}

/// A building with its rooms.
#[derive(Clone, Debug)]
pub struct Building {
    /// Code.
    pub code: String,
    /// Standard address.
    pub address: String,
    /// Its shops lie on the ground floor.
    pub at: Point,
}

#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub code: String,
    pub address: String,
    pub cell: usize,
    /// What the parts of the address are, to write it in other ways.
    pub anchor: String,
    pub building: String,
    pub unit: usize,
    pub number: usize,
}

pub(crate) struct Built {
    pub places: Vec<Place>,
    pub buildings: Vec<Building>,
    pub rooms: Vec<Room>,
}

pub(crate) fn build(ground: &Ground, _: &mut dyn Rng) -> Built {
    let mut built = Built { places: Vec::new(), buildings: Vec::new(), rooms: Vec::new() };
    let mut orders = std::collections::HashMap::<i64, usize>::new();
    let mut codes = Vec::new();
    for anchor in &ground.anchors {
        let order = orders.entry(anchor.community).or_default();
        *order += 1;
        let code = format!("{:012}{:04}", anchor.community, order);
        built.places.push(Place {
            code: code.clone(),
            kind: anchor.kind,
            parent: None,
            name: anchor.name.clone(),
            address: anchor.address.clone(),
            at: anchor.at,
            outline: anchor.outline.clone(),
            division: anchor.community,
        });
        codes.push(code);
    }
    let mut building_orders = std::collections::HashMap::<usize, usize>::new();
    for plot in &ground.plots {
        let anchor = &ground.anchors[plot.anchor];
        let (code, address) = if anchor.is_building {
            (codes[plot.anchor].clone(), anchor.address.clone())
        } else {
            let order = building_orders.entry(plot.anchor).or_default();
            *order += 1;
            let code = format!("{}{order:03}", codes[plot.anchor]);
            let address = format!("{}{}", anchor.address, plot.name);
            built.places.push(Place {
                code: code.clone(),
                kind: "building",
                parent: Some(codes[plot.anchor].clone()),
                name: plot.name.clone(),
                address: address.clone(),
                at: plot.at,
                outline: Some(plot.outline.clone()),
                division: anchor.community,
            });
            (code, address)
        };
        built.buildings.push(Building { code: code.clone(), address: address.clone(), at: plot.at });
        for unit in 1..=plot.units {
            let unit_code = format!("{code}{unit:02}");
            let unit_address = format!("{address}{unit}单元");
            let place = |code: String, kind, parent: &str, name: String, address: String| Place {
                code,
                kind,
                parent: Some(parent.to_owned()),
                name,
                address,
                at: plot.at,
                outline: None,
                division: anchor.community,
            };
            built.places.push(place(
                unit_code.clone(),
                "unit",
                &code,
                format!("{unit}单元"),
                unit_address.clone(),
            ));
            for floor in 1..=plot.floors {
                for room in 1..=plot.rooms {
                    let number = floor * 100 + room;
                    let room_code = format!("{unit_code}{number:04}");
                    let room_address = format!("{unit_address}{number}室");
                    built.places.push(place(
                        room_code.clone(),
                        "room",
                        &unit_code,
                        format!("{number}室"),
                        room_address.clone(),
                    ));
                    built.rooms.push(Room {
                        code: room_code,
                        address: room_address,
                        cell: plot.cell,
                        anchor: anchor.address.clone(),
                        building: plot.name.clone(),
                        unit,
                        number,
                    });
                }
            }
        }
    }
    built
}
