//! Every statement of the room.

macro_rules! select_case {
    ($rest:literal) => {
        concat!(
            "select id, no, state, category, title, description, source, urgency, place_id, address, lon, lat, division, located, \
             established_at_ms, due_at_ms, handler, handler_name, dispatched_by, handled_by, merged_into, returns, reworks, urges, \
             reason, ended_at_ms, version from cases ",
            $rest
        )
    };
}

/// What every queue may ask for besides its scope and order: `$4` state, `$5` handler, `$6` category,
/// `$7` part of a text, `$8` limit before, `$9` without a certain place.
macro_rules! wanted {
    () => {
        "(cast($4 as text) = '' or state = $4) and (cast($5 as text) = '' or handler = $5) \
         and (cast($6 as text) = '' or category = $6) \
         and (cast($7 as text) = '' or title like $7 or address like $7 or no like $7) \
         and (cast($8 as bigint) = 0 or open = true and due_at_ms < cast($8 as bigint)) \
         and (cast($9 as bigint) = 0 or located = false)"
    };
}

macro_rules! queue {
    ($where:literal, $order:literal) => {
        concat!(select_case!(""), $where, wanted!(), $order)
    };
}

macro_rules! count {
    ($where:literal) => {
        concat!("select count(*) from (select 1 from cases ", $where, wanted!(), " limit $10) fitting")
    };
}

gridweave_db::statements! {
    /// The next number of a county and day.
    NEXT_NO = "insert into case_counters (county, day, last) values ($1, $2, 1) \
               on conflict (county, day) do update set last = case_counters.last + 1 returning last";
    /// A new case.
    INSERT = "insert into cases (id, no, state, open, category, title, description, source, urgency, place_id, address, lon, lat, division, \
              located, established_at_ms, due_at_ms, handler, handler_name, opened_by, returns, reworks, urges, reason, once_key, version) \
              values ($1, $2, 'established', true, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '', '', $16, 0, 0, 0, $17, $18, 1)";
    /// Was it opened before?
    BY_ONCE = select_case!("where once_key = $1");
    /// One case by number.
    BY_NO = select_case!("where no = $1");
    /// What a case came from.
    REASON = "select reason from cases where id = $1";
    /// One case by number, for the one who moves it.
    BY_NO_LOCKED = select_case!("where no = $1 {lock}");
    /// One case by identifier, for the one who moves it.
    BY_ID_LOCKED = select_case!("where id = $1 {lock}");
    /// An open case of a category at a place.
    OPEN_AT = select_case!("where place_id = $1 and category = $2 and open = true order by id limit 1");
    /// Cases at a place, newest first.
    AT_PLACE = select_case!("where place_id = $1 order by id desc limit $2");
    /// Open cases follow a place.
    MOVE_CASES = "update cases set place_id = $2 where place_id = $1 and open = true returning id";
    /// A case goes back.
    CASE_BACK = "update cases set place_id = $2 where id = $1 and place_id = $3";
    /// How many cases are open at a place itself.
    COUNT_OPEN_AT = "select count(*) from cases where place_id = $1 and open = true";
    /// Cases of a wide scope, newest first, before one. The unary plus keeps the planner from gathering and
    /// sorting the whole scope: the newest are at the end of the key already.
    LIST_WIDE = queue!("where +division between $1 and $2 and id < $3 and ", " order by id desc limit $10");
    /// How many cases a scope has at all, up to a limit.
    COUNT_WITHIN = "select count(*) from (select 1 from cases where division between $1 and $2 limit $3) within_scope";
    /// The same as the wide list for a scope with few cases, which are gathered by their index.
    LIST_NARROW = queue!("where division between $1 and $2 and id < $3 and ", " order by id desc limit $10");
    /// Open cases of a scope, newest first, before one: only what is open is walked through.
    LIST_OPEN = queue!("where open = true and +division between $1 and $2 and id < $3 and ", " order by id desc limit $10");
    /// Open cases of a scope, the most urgent limit first, after one.
    LIST_DUE = queue!("where open = true and +division between $1 and $2 and due_at_ms >= $10 and (due_at_ms > $10 or id > $3) and ",
        " order by due_at_ms, id limit $11");
    /// How many cases of a scope fit, up to a limit.
    COUNT_ALL = count!("where division between $1 and $2 and cast($3 as text) = '' and ");
    /// How many open ones fit, up to a limit.
    COUNT_OPEN_ONES = count!("where open = true and +division between $1 and $2 and cast($3 as text) = '' and ");
    /// How many open ones of each state in a scope.
    COUNTS = "select state, count(*) from cases where open = true and division between $1 and $2 and (cast($3 as text) = '' or handler = $3) group by state order by state";
    /// How many are open in a scope.
    COUNT_OPEN = "select count(*) from cases where open = true and division between $1 and $2";
    /// How many open ones are late in a scope.
    COUNT_OVERDUE = "select count(*) from cases where open = true and division between $1 and $2 and due_at_ms < $3 \
                     and (cast($4 as text) = '' or handler = $4)";
    /// Cases with a point, for the map.
    POINTS = "select no, state, title, urgency, due_at_ms, lon, lat, division, open, established_at_ms from cases where lon is not null \
              and (open = true or established_at_ms > $1) order by id";
    /// Moves a case.
    MOVE = "update cases set state = $2, open = $3, handler = $4, handler_name = $5, dispatched_by = $6, handled_by = $7, \
            merged_into = $8, returns = $9, reworks = $10, urges = $11, ended_at_ms = $12, reason = $13, version = version + 1 where id = $1";
    /// A step of the time line.
    ADD_STEP = "insert into case_steps (case_id, n, at_ms, actor, actor_name, action, state, note, data) \
                select $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5, $6, $7, $8 from case_steps where case_id = $1";
    /// The time line.
    STEPS = "select n, at_ms, actor_name, action, state, note, data from case_steps where case_id = $1 order by n";
}
