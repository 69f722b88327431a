//! Compiling a library from its places.

use super::doors::{ANY, door_hash, id_hash};
use super::file::File;
use super::names::NameTable;
use super::records::{ALIAS, AnchorRecord, DIVISIONS, NONE, PlaceRecord, number_code};
use super::spelled::orders;
use super::{AddressIndex, kind_number};
use crate::ElementKind;
use crate::keys::Standard;
use crate::slots::slots_of;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// A place to be compiled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Identifier.
    pub id: String,
    /// Kind, as the library names it; may be empty.
    pub kind: String,
    /// Standard address.
    pub address: String,
    /// Other addresses that mean it: old names, the names that people use.
    pub aliases: Vec<String>,
    /// Longitude and latitude.
    pub point: Option<[f64; 2]>,
    /// Division code; 0 where unknown.
    pub division: i64,
}

/// The numbers of an address below its anchor.
#[derive(Clone, Copy)]
struct Numbers {
    building: u32,
    unit: u32,
    room: u32,
}

/// Gathers places.
#[derive(Default)]
pub struct LibraryBuilder {
    names: NameTable,
    anchors: Vec<AnchorRecord>,
    anchor_numbers: HashMap<[u32; 8], u32>,
    places: Vec<PlaceRecord>,
    /// Text of identifiers and addresses.
    text: Vec<u8>,
    /// The same places by their other addresses.
    aliases: Vec<PlaceRecord>,
}

impl LibraryBuilder {
    /// Adds places; addresses are read on all cores. An address longer than 65,535 bytes is cut.
    pub fn add(&mut self, entries: &[Entry]) {
        let read: Vec<(Standard, Vec<Standard>)> = entries
            .par_iter()
            .map(|entry| {
                let aliases = entry.aliases.iter().map(|alias| Standard::from_text(alias)).collect();
                (Standard::from_text(&entry.address), aliases)
            })
            .collect();
        for (entry, (standard, aliases)) in entries.iter().zip(read) {
            let (anchor, numbers) = self.anchor(&standard);
            let cut = |text: &str, most: usize| text.floor_char_boundary(most);
            let (id, address) =
                (&entry.id[..cut(&entry.id, 255)], &entry.address[..cut(&entry.address, 65_535)]);
            let start = self.text.len() as u32;
            self.text.extend(id.as_bytes());
            self.text.extend(address.as_bytes());
            let e7 = |degrees: f64| (degrees * 1e7).round() as i32;
            let place = PlaceRecord {
                id: start,
                address_length: address.len() as u16,
                id_length: id.len() as u8,
                kind: kind_number(&entry.kind),
                anchor,
                building: numbers.building,
                unit: numbers.unit,
                room: numbers.room,
                lon_e7: entry.point.map_or(i32::MAX, |p| e7(p[0])),
                lat_e7: entry.point.map_or(i32::MAX, |p| e7(p[1])),
                division: PlaceRecord::halves(entry.division),
            };
            self.places.push(place);
            for alias in &aliases {
                let (anchor, Numbers { building, unit, room }) = self.anchor(alias);
                let kind = place.kind | ALIAS;
                self.aliases.push(PlaceRecord { anchor, building, unit, room, kind, ..place });
            }
        }
    }

    /// What an address hangs on, and its numbers below it.
    fn anchor(&mut self, standard: &Standard) -> (u32, Numbers) {
        let mut divisions = [NONE; 5];
        for (kind, name) in &standard.divisions {
            if let Some(at) = DIVISIONS.iter().position(|known| known == kind) {
                divisions[at] = self.names.number(name, *kind);
            }
        }
        let (mut road, mut compound) = (standard.road.as_deref(), standard.compound.as_deref());
        if road.is_none() && standard.road_number.is_some() {
            // A name that does not end like a road, with a number behind it, is a road all the same.
            (road, compound) = (compound, None);
        }
        let deepest = standard.divisions.last().map(|(_, name)| name.as_str());
        if road.is_none() && compound.is_none() {
            compound = deepest;
        }
        let road = road.map_or(NONE, |name| self.names.number(name, ElementKind::Road));
        let compound = compound.map_or(NONE, |name| self.names.number(name, ElementKind::Poi));
        let number = standard.road_number.as_deref().map_or(NONE, number_code);
        let [a, b, c, d, e] = divisions;
        let anchors = &mut self.anchors;
        let anchor =
            *self.anchor_numbers.entry([a, b, c, d, e, road, number, compound]).or_insert_with(|| {
                anchors.push(AnchorRecord { divisions, road, number, compound, buildings: 0 });
                anchors.len() as u32 - 1
            });
        let code = |part: &Option<String>| part.as_deref().map_or(NONE, number_code);
        let (building, unit, room) = (code(&standard.building), code(&standard.unit), code(&standard.room));
        (anchor, Numbers { building, unit, room })
    }

    /// Compiles what was gathered.
    pub fn finish(mut self) -> AddressIndex {
        let known = self.places.len();
        self.places.append(&mut self.aliases);
        let mut buildings = HashSet::new();
        for place in &self.places {
            if place.building != NONE && buildings.insert((place.anchor, place.building)) {
                self.anchors[place.anchor as usize].buildings += 1;
            }
        }
        let postings = self.postings();
        let doors = self.doors(known);
        let (name_slots, bloom) = self.names.slots();
        let mut text = std::mem::take(&mut self.text);
        for (record, name) in self.names.records.iter_mut().zip(&self.names.texts) {
            record.text = text.len() as u32;
            text.extend(&name.as_bytes()[..usize::from(record.text_length)]);
        }
        let [by_letters, by_pinyin, by_initials] = orders(&self.hung_on());
        let file = File::of([
            &text,
            bytemuck::cast_slice(&self.names.records),
            bytemuck::cast_slice(&postings),
            bytemuck::cast_slice(&name_slots),
            bytemuck::cast_slice(&bloom),
            bytemuck::cast_slice(&self.anchors),
            bytemuck::cast_slice(&doors),
            bytemuck::cast_slice(&self.places),
            bytemuck::cast_slice(&self.by_anchor()),
            bytemuck::cast_slice(&by_letters),
            bytemuck::cast_slice(&by_pinyin),
            bytemuck::cast_slice(&by_initials),
        ]);
        AddressIndex { file }
    }

    /// For each name the anchors that it is the compound of, then those on its road by number.
    fn postings(&mut self) -> Vec<u32> {
        let mut compounds: Vec<Vec<u32>> = vec![Vec::new(); self.names.records.len()];
        let mut roads: Vec<Vec<u32>> = vec![Vec::new(); self.names.records.len()];
        for (number, anchor) in self.anchors.iter().enumerate() {
            if anchor.compound != NONE {
                compounds[anchor.compound as usize].push(number as u32);
            }
            if anchor.road != NONE {
                roads[anchor.road as usize].push(number as u32);
            }
        }
        let mut postings = Vec::new();
        for (name, record) in self.names.records.iter_mut().enumerate() {
            record.postings = postings.len() as u32;
            record.as_compound = compounds[name].len() as u32;
            record.as_road = roads[name].len() as u32;
            roads[name].sort_by_key(|anchor| self.anchors[*anchor as usize].number);
            postings.append(&mut compounds[name]);
            postings.append(&mut roads[name]);
        }
        postings
    }

    /// Names that something hangs on: what is worth proposing.
    fn hung_on(&self) -> Vec<(u32, &str)> {
        let known = self.names.records.iter().zip(&self.names.texts).enumerate();
        let used = known.filter(|(_, (record, _))| record.as_compound + record.as_road > 0);
        used.map(|(number, (_, text))| (number as u32, text.as_str())).collect()
    }

    /// The numbers of places, those of an anchor beside each other and in the order of their numbers.
    fn by_anchor(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..self.places.len() as u32).collect();
        numbers.par_sort_unstable_by_key(|number| {
            let place = &self.places[*number as usize];
            // What has no number stands before what has.
            let below = [place.building, place.unit, place.room].map(|n| n.wrapping_add(1));
            (place.anchor, below, *number)
        });
        numbers
    }

    /// Doors by their numbers, the `known` first places also by their identifiers.
    fn doors(&self, known: usize) -> Vec<u64> {
        let mut hashed: Vec<(u64, u32)> = Vec::with_capacity(self.places.len() * 3);
        let mut key = |number: u32, anchor: u32, n: Numbers, single: bool| {
            hashed.push((door_hash(anchor, n.building, n.unit, n.room), number));
            if n.room == NONE {
                return;
            }
            let with_unit = n.unit != NONE;
            if with_unit {
                hashed.push((door_hash(anchor, n.building, ANY, n.room), number));
            }
            if single && n.building != NONE {
                hashed.push((door_hash(anchor, ANY, n.unit, n.room), number));
                if with_unit {
                    hashed.push((door_hash(anchor, ANY, ANY, n.room), number));
                }
            }
        };
        for (number, place) in self.places.iter().enumerate() {
            let numbers = Numbers { building: place.building, unit: place.unit, room: place.room };
            let single = self.anchors[place.anchor as usize].buildings == 1;
            key(number as u32, place.anchor, numbers, single);
        }
        let text = &self.text;
        for (number, place) in self.places[..known].iter().enumerate() {
            let start = place.id as usize;
            let id = std::str::from_utf8(&text[start..start + usize::from(place.id_length)]).unwrap_or("");
            hashed.push((id_hash(id), number as u32));
        }
        slots_of(&hashed)
    }
}
