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

/// Columns of an edit, in the order that `queries::edit_row` reads.
macro_rules! select_edit {
    ($rest:literal) => {
        concat!(
            "select e.id, e.kind, e.place_id, e.division, e.made_by_name, e.at_ms, e.reason, e.places, e.undoes, e.undone_by, \
             (select p.address from places p where p.id = e.place_id) from place_edits e ",
            $rest
        )
    };
}

/// Columns of a correction, in the order that `queries::correction_row` reads.
macro_rules! select_correction {
    ($rest:literal) => {
        concat!(
            "select id, place_id, parent_id, problem, name, kind, lon, lat, note, state, division, opened_by_name, \
             opened_at_ms, decided_at_ms, reason, version, waits from corrections ",
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
    /// Places of a scope, after a code: for export.
    EXPORT = select_place!("where p.division between $1 and $2 and p.code > $3 order by p.code limit $4");
    /// Codes of the places above those of a scope between two codes, in their order.
    EXPORT_PARENTS = "select p.code, q.code from places p join places q on q.id = p.parent_id \
                      where p.division between $1 and $2 and p.code > $3 and p.code <= $4";
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
    KEEP = "insert into place_history (place_id, version, until_ms, record, reason, outline) \
            select $1, $2, $3, $4, $5, outline from places where id = $1";
    /// A former record with its outline.
    FORMER = "select record, outline from place_history where place_id = $1 and version = $2";
    /// A change in one go.
    INSERT_EDIT = "insert into place_edits (id, kind, place_id, division, made_by, made_by_name, at_ms, reason, places, undoes) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// A place that it touched.
    INSERT_TOUCHED = "insert into place_edit_places (edit_id, place_id, version_before, version_after) values ($1, $2, $3, $4)";
    /// One change.
    EDIT = select_edit!("where e.id = $1 {lock}");
    /// Changes of a scope, newest first, before one.
    EDITS = select_edit!("where e.division between $1 and $2 and (cast($3 as text) = '' or e.id < $3) order by e.id desc limit $4");
    /// Changes that touched a place, newest first.
    EDITS_OF = select_edit!("where e.id in (select edit_id from place_edit_places where place_id = $1) order by e.id desc limit $2");
    /// Places that a change touched.
    TOUCHED = "select place_id, version_before, version_after from place_edit_places where edit_id = $1 order by place_id";
    /// It was undone.
    SET_UNDONE = "update place_edits set undone_by = $2 where id = $1";
    /// Something of another room followed a place.
    PUT_MOVED = "insert into place_moved (edit_id, what, key, place_id) values ($1, $2, $3, $4) on conflict do nothing";
    /// What followed a place, of a kind.
    MOVED = "select key from place_moved where edit_id = $1 and what = $2 and place_id = $3 order by key";
    /// All that followed in a change, of a kind.
    MOVED_ALL = "select key, place_id from place_moved where edit_id = $1 and what = $2 order by key";
    /// Places that were given up for one.
    REDIRECTED_TO = select_place!("where p.redirect_id = $1 and p.status = 'abandoned' order by p.id");
    /// Takes another address away.
    DROP_ALIAS = "delete from place_aliases where place_id = $1 and address = $2";
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
    /// The same with its state.
    TICKET_BY_SOURCE = "select id, state from corrections where source = $1";
    /// One correction.
    CORRECTION = select_correction!("where id = $1");
    /// One correction, for the one who decides it.
    CORRECTION_LOCKED = select_correction!("where id = $1 {lock}");
    /// Corrections of a state and scope, oldest first.
    CORRECTIONS = select_correction!("where state = $1 and division between $2 and $3 and id > $4 order by id limit $5");
    /// Open corrections of a scope by what is wrong where, most harmful first.
    CAUSES = "select problem, coalesce(place_id, parent_id), count(*), cast(sum(1 + waits) as bigint), min(opened_at_ms) from corrections \
              where state = 'open' and division between $1 and $2 group by problem, coalesce(place_id, parent_id) \
              order by 4 desc, 5, 1, 2 limit $3";
    /// Open corrections of one cause, most harmful first.
    OF_CAUSE = select_correction!("where state = 'open' and problem = $1 and coalesce(place_id, parent_id, '') = $2 and division between $3 and $4 \
        order by waits desc, id limit $5");
    /// How long decisions took since a time, shortest first: the one in the middle.
    MEDIAN_DECISION = "select decided_at_ms - opened_at_ms from corrections where decided_at_ms >= $1 and state <> 'open' \
                       and decided_by is not null and division between $2 and $3 order by 1 limit 1 offset $4";
    /// How many were decided since a time.
    COUNT_DECIDED = "select count(*) from corrections where decided_at_ms >= $1 and state <> 'open' and decided_by is not null \
                     and division between $2 and $3";
    /// One more waits for it.
    WAITS = "update corrections set waits = waits + 1 where source = $1 and state = 'open'";
    /// What it waited for was solved by another change.
    SOLVED = "update corrections set state = 'accepted', decided_at_ms = $2, reason = 'solved', version = version + 1 \
              where source = $1 and state = 'open'";
    /// The same of one ticket.
    SOLVED_BY_ID = "update corrections set state = 'accepted', decided_at_ms = $2, reason = 'solved', version = version + 1 \
                    where id = $1 and state = 'open'";
    /// A permit, once.
    PUT_PERMIT = "insert into permits (number, address, kind, issued_day, lon, lat, state, taken_at_ms) \
                  values ($1, $2, $3, $4, $5, $6, 'waiting', $7) on conflict (number, address, kind) do nothing";
    /// What a permit waits for.
    PERMIT_TICKET = "select correction_id from permits where number = $1 and address = $2 and kind = $3";
    /// Moves a permit on.
    SET_PERMIT = "update permits set state = $4, correction_id = $5 where number = $1 and address = $2 and kind = $3";
    /// Permits behind a correction.
    PERMITS_OF = "select number, address, kind, issued_day, lon, lat from permits where correction_id = $1 \
                  order by issued_day, number, address limit 100";
    /// Waiting permits whose ticket is decided, or is about a place that changed or the one above it.
    PERMITS_AGAIN = "select p.number, p.address, p.kind, p.issued_day, p.lon, p.lat from permits p \
                     join corrections c on c.id = p.correction_id \
                     where p.state = 'waiting' and (c.state <> 'open' or coalesce(c.place_id, c.parent_id, '') in ('', $1, $2)) \
                     order by p.taken_at_ms, p.number, p.address limit $3";
    /// Where permits stand, a thousand of them.
    PERMIT_STATES = "select number, state from permits order by number, address limit 1000";
    /// What a steward refused is refused for the permits behind it.
    REFUSE_PERMITS = "update permits set state = 'refused' where correction_id = $1 and state = 'waiting'";
    /// Under which place a missing one belongs, chosen by the one who decides.
    SET_PARENT = "update corrections set parent_id = $2 where id = $1";
    /// The right place of a correction, chosen by the one who decides.
    SET_CORRECTED = "update corrections set place_id = $2 where id = $1";
    /// How many are open.
    COUNT_OPEN = "select count(*) from corrections where state = 'open' and division between $1 and $2";
    /// Decides a correction.
    DECIDE = "update corrections set state = $2, decided_by = $3, decided_at_ms = $4, reason = $5, version = version + 1 where id = $1";
    /// Everything in use, siblings beside each other.
    BY_PARENT = "select id, coalesce(parent_id, ''), kind, name, division, lon, lat from places where status <> 'abandoned' \
                 order by 2, code";
    /// Outlines with the outline above.
    NESTED_OUTLINES = "select c.id, c.division, c.outline, p.outline, p.name from places c join places p on p.id = c.parent_id \
                       where c.status <> 'abandoned' and c.outline is not null and p.outline is not null";
    /// What hangs on nothing that is in use.
    ORPHANS = "select c.id, c.division, coalesce(p.address, '') from places c left join places p on p.id = c.parent_id \
               where c.status <> 'abandoned' and ((c.parent_id is not null and (p.id is null or p.status = 'abandoned')) \
               or (c.parent_id is null and c.kind in ('building', 'unit', 'floor', 'room')))";
    /// Findings that are known, with since when.
    FINDINGS_ALL = "select rule, place_id, since_ms from quality_findings";
    /// Forgets them.
    DROP_FINDINGS = "delete from quality_findings";
    /// A finding.
    PUT_FINDING = "insert into quality_findings (rule, place_id, division, detail, since_ms) values ($1, $2, $3, $4, $5) \
                   on conflict do nothing";
    /// How many of a rule were found on a day.
    PUT_QUALITY_DAY = "insert into quality_days (day, rule, found, at_ms) values ($1, $2, $3, $4) \
                       on conflict (day, rule) do update set found = excluded.found, at_ms = excluded.at_ms";
    /// How many of each rule in a scope.
    COUNT_FINDINGS = "select rule, count(*) from quality_findings where division between $1 and $2 group by rule order by rule";
    /// How many each day since one.
    QUALITY_DAYS = "select day, rule, found, at_ms from quality_days where day >= $1 order by day, rule";
    /// Findings of a rule in a scope, after a place.
    FINDINGS = "select f.rule, f.place_id, f.detail, f.since_ms, p.address, p.kind, p.version from quality_findings f join places p on p.id = f.place_id \
                where f.rule = $1 and f.division between $2 and $3 and f.place_id > $4 order by f.place_id limit $5";
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
