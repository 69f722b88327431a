//! Every statement of the room.

/// Columns of a place, in the order that `store::place_row` reads.
macro_rules! select_place {
    ($rest:literal) => {
        concat!(
            "select p.id, p.code, p.kind, p.parent_id, p.name, p.address, p.division, p.lon, p.lat, p.status, \
             p.changed_at_ms, p.version, p.seq, p.redirect_id from places p ",
            $rest
        )
    };
}

/// Columns of a correction, in the order that `queries::correction_row` reads.
macro_rules! select_correction {
    ($rest:literal) => {
        concat!(
            "select id, place_id, parent_id, problem, name, kind, lon, lat, note, state, division, opened_by_name, \
             opened_at_ms, decided_at_ms, reason, version from corrections ",
            $rest
        )
    };
}

gridweave_db::statements! {
    /// One place.
    PLACE = select_place!("where p.id = $1");
    /// One place by its code.
    BY_CODE = select_place!("where p.code = $1");
    /// What lies directly below, after a code.
    CHILDREN = select_place!("where p.parent_id = $1 and p.code > $2 order by p.code limit $3");
    /// The topmost places of a scope, after a code.
    TOP = select_place!("where p.parent_id is null and p.division between $1 and $2 and p.code > $3 \
        and (cast($4 as text) = '' or p.kind = $4) order by p.code limit $5");
    /// Places of a kind in a scope, after a code: for export.
    EXPORT = select_place!("where p.division between $1 and $2 and p.code > $3 order by p.code limit $4");
    /// Outlines of buildings and compounds, for the map.
    OUTLINES = "select id, kind, name, address, division, outline, lon, lat from places \
                where status <> 'abandoned' and kind in ('building', 'compound', 'door_plate', 'poi') and lon is not null order by id";
    /// One outline.
    OUTLINE = "select outline from places where id = $1";
    /// A new place.
    INSERT = "insert into places (id, code, kind, parent_id, name, address, division, lon, lat, outline, status, changed_at_ms, version, seq) \
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'in_use', $11, 1, $12)";
    /// Changes a place.
    UPDATE = "update places set name = $2, address = $3, division = $4, lon = $5, lat = $6, status = $7, changed_at_ms = $8, \
              seq = $9, parent_id = $10, redirect_id = $11, version = version + 1 where id = $1";
    /// Gives a place its outline.
    SET_OUTLINE = "update places set outline = $2, seq = $3 where id = $1";
    /// The place was touched: its other addresses changed.
    TOUCH = "update places set seq = $2 where id = $1";
    /// Another address of a place.
    ADD_ALIAS = "insert into place_aliases (place_id, address) values ($1, $2) on conflict do nothing";
    /// Other addresses of a place.
    ALIASES = "select address from place_aliases where place_id = $1 order by address";
    /// Other addresses of places that changed after a number.
    ALIASES_SINCE = "select a.place_id, a.address from place_aliases a join places p on p.id = a.place_id where p.seq > $1";
    /// What changed after a number, in order.
    SINCE = select_place!("where p.seq > $1 order by p.seq limit $2");
    /// What changed after a number in a scope, in order.
    SINCE_IN = select_place!("where p.seq > $1 and p.division between $2 and $3 order by p.seq limit $4");
    /// What is found by a text.
    FOUND = "select id, kind, address, lon, lat, division from places where status <> 'abandoned'";
    /// The number of the last change.
    SEQ = "select seq from library_epoch where one = 1";
    /// Keeps it.
    SET_SEQ = "update library_epoch set seq = $1 where one = 1";
    /// A compiled library was written.
    PUT_FILE = "insert into library_files (id, seq) values ($1, $2)";
    /// Compiled libraries that this database knows, the newest first.
    FILES = "select id, seq from library_files order by seq desc, id";
    /// Forgets those that are older.
    DROP_FILES = "delete from library_files where seq < $1";
    /// Keeps a former record.
    KEEP = "insert into place_history (place_id, version, until_ms, record, reason) values ($1, $2, $3, $4, $5)";
    /// A place's history, newest first.
    HISTORY = "select version, until_ms, record, reason from place_history where place_id = $1 order by version desc";
    /// How many places of each kind.
    COUNTS = "select kind, count(*) from places where status <> 'abandoned' group by kind order by kind";
    /// A new correction.
    INSERT_CORRECTION = "insert into corrections (id, place_id, parent_id, problem, name, kind, lon, lat, note, state, division, \
                         opened_by, opened_by_name, opened_at_ms, source, version) \
                         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11, $12, $13, $14, 1)";
    /// Did this source open one already?
    BY_SOURCE = "select id from corrections where source = $1";
    /// One correction.
    CORRECTION = select_correction!("where id = $1");
    /// One correction, for the one who decides it.
    CORRECTION_LOCKED = select_correction!("where id = $1 {lock}");
    /// Corrections of a state and scope, oldest first.
    CORRECTIONS = select_correction!("where state = $1 and division between $2 and $3 and id > $4 order by id limit $5");
    /// How many are open.
    COUNT_OPEN = "select count(*) from corrections where state = 'open' and division between $1 and $2";
    /// Decides a correction.
    DECIDE = "update corrections set state = $2, decided_by = $3, decided_at_ms = $4, reason = $5, version = version + 1 where id = $1";
    /// A feature of the base map.
    PUT_FEATURE = "insert into base_features (id, layer, source, class, name, shape) values ($1, $2, $3, $4, $5, $6)";
    /// Takes a source's features away.
    DROP_SOURCE = "delete from base_features where source = $1";
    /// The base map.
    FEATURES = "select layer, class, name, shape from base_features order by layer, source, id";
    /// The version of the library: what the map's tiles were made of.
    MAP_EPOCH = "select epoch from library_epoch where one = 1";
    /// Raises it.
    NEXT_EPOCH = "update library_epoch set epoch = epoch + 1 where one = 1";
}
