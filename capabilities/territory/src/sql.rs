//! Every statement of the room.

gridweave_db::statements! {
    /// Adds a division or renews its name and point; an outline stays.
    PUT_DIVISION = "insert into divisions (code, name, level, parent, lon, lat, version) values ($1, $2, $3, $4, $5, $6, 1) \
                    on conflict (code) do update set name = excluded.name, lon = coalesce(excluded.lon, divisions.lon), \
                    lat = coalesce(excluded.lat, divisions.lat), version = divisions.version + 1 \
                    where divisions.name <> excluded.name or divisions.lon is null and excluded.lon is not null";
    /// Gives a division its outline.
    SET_OUTLINE = "update divisions set outline = $2, lon = $3, lat = $4, version = version + 1 where code = $1";
    /// One division.
    DIVISION = "select code, name, level, parent, lon, lat from divisions where code = $1";
    /// What lies directly below.
    CHILDREN = "select code, name, level, parent, lon, lat from divisions where parent = $1 and code between $2 and $3 order by code";
    /// Divisions by name.
    BY_NAME = "select code, name, level, parent, lon, lat from divisions where name = $1 order by code limit 50";
    /// The topmost divisions that the library holds.
    TOP = "select code, name, level, parent, lon, lat from divisions d \
           where not exists (select 1 from divisions p where p.code = d.parent) order by code";
    /// Divisions with outlines.
    OUTLINES = "select code, level, outline, name from divisions where outline is not null order by code";
    /// How many.
    COUNT_DIVISIONS = "select count(*) from divisions";
    /// The networks.
    NETWORKS = "select id, name_zh, name_en from networks order by place";
    /// Does it exist?
    NETWORK = "select 1 from networks where id = $1";
    /// A new plan.
    INSERT_PLAN = "insert into grid_plans (id, network, name, state, drawn_at_ms, findings, division, version) \
                   values ($1, $2, $3, 'draft', $4, $5, $6, 1)";
    /// A new cell.
    INSERT_CELL = "insert into cells (plan_id, code, name, households, outline) values ($1, $2, $3, $4, $5)";
    /// One plan, locked.
    PLAN = "select id, network, name, state, drawn_at_ms, published_at_ms, findings, version, division from grid_plans where id = $1 {lock}";
    /// All plans, newest first.
    PLANS = "select id, network, name, state, drawn_at_ms, published_at_ms, findings, version, \
             (select count(*) from cells c where c.plan_id = p.id) from grid_plans p order by drawn_at_ms desc, id desc";
    /// Takes the network's plan out of force.
    RETIRE = "update grid_plans set state = 'retired', version = version + 1 where network = $1 and state = 'published'";
    /// Puts a plan into force.
    PUBLISH = "update grid_plans set state = 'published', published_at_ms = $2, version = version + 1 where id = $1";
    /// Cells in force, with their network.
    CURRENT_CELLS = "select p.network, c.code, c.name, c.households, c.outline from cells c \
                     join grid_plans p on p.id = c.plan_id where p.state = 'published' order by p.network, c.code";
    /// Cells in force of one network and scope, without outlines.
    LIST_CELLS = "select c.code, c.name, c.households from cells c join grid_plans p on p.id = c.plan_id \
                  where p.state = 'published' and p.network = $1 and c.code between $2 and $3 and c.code > $4 order by c.code limit $5";
    /// Workers of a scope of cells.
    LIST_WORKERS = "select w.cell, w.account_id, a.name from cell_workers w join accounts a on a.id = w.account_id \
                    where w.network = $1 and w.cell between $2 and $3 order by w.cell, a.login";
    /// Who works in a cell.
    WORKERS = "select w.account_id, a.name from cell_workers w join accounts a on a.id = w.account_id \
               where w.network = $1 and w.cell = $2 and a.active = true order by a.login";
    /// Takes everybody out of a cell.
    CLEAR_WORKERS = "delete from cell_workers where network = $1 and cell = $2";
    /// Puts somebody into a cell.
    ADD_WORKER = "insert into cell_workers (network, cell, account_id) values ($1, $2, $3) on conflict do nothing";
    /// The epoch that caches compare.
    EPOCH = "select epoch from territory_epoch where one = 1";
    /// A change that caches must see.
    NEXT_EPOCH = "update territory_epoch set epoch = epoch + 1 where one = 1";
}
