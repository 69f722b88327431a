//! Ordinary files in and out: tables (CSV, JSON lines, XLSX, Parquet) with row-by-row findings,
//! places with geometry (GeoJSON, GeoPackage, GeoParquet), OpenStreetMap extracts, and a store of photos.
//!
//! Bad rows never cost good ones: a [`Table`] carries what could be read and, beside it, what could
//! not, with line and reason.

pub mod batches;
mod csv_file;
pub mod geoparquet;
pub mod gpkg;
mod mapped;
pub mod mbtiles;
pub mod osm;
mod parquet_file;
pub mod readings;
pub mod shp;
pub mod store;
pub mod table;
mod unfinished;
mod xlsx_file;

pub use csv_file::{print_csv, write_csv};
pub use mapped::{Mapped, map_file};
pub use store::BlobStore;
pub use table::{BadRow, FileError, Format, Table, read_table, read_table_from};
pub use unfinished::{unfinished, write_whole};
pub use xlsx_file::write_xlsx;
