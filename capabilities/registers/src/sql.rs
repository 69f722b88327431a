//! Every statement of the room.

gridweave_db::statements! {
    /// Adds or renews a person.
    PUT_PERSON = "insert into people (id, code, name, sex, birth_date, identity_enc, identity_index, phone_enc, phone_index, changed_at_ms, version) \
                  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1) on conflict (code) do update set name = excluded.name, sex = excluded.sex, \
                  birth_date = excluded.birth_date, identity_enc = excluded.identity_enc, identity_index = excluded.identity_index, \
                  phone_enc = excluded.phone_enc, phone_index = excluded.phone_index, changed_at_ms = excluded.changed_at_ms, version = people.version + 1";
    /// What decides whether a person has changed.
    PERSON_NOW = "select id, name, sex, birth_date, identity_index, phone_index from people where code = $1";
    /// A person by the code in files.
    PERSON_BY_CODE = "select id from people where code = $1";
    /// A person by identity.
    PERSON = "select id, name, sex, birth_date, identity_enc, phone_enc from people where id = $1";
    /// People by the blind index of identity number or phone.
    BY_INDEX = "select id, name, sex, birth_date from people where identity_index = $1 or phone_index = $1 order by id limit 20";
    /// Adds or renews a care label.
    PUT_CARE = "insert into care_labels (person_id, label, level, owner, purpose, until_day) values ($1, $2, $3, $4, $5, $6) \
                on conflict (person_id, label) do update set level = excluded.level, owner = excluded.owner, purpose = excluded.purpose, \
                until_day = excluded.until_day where care_labels.level <> excluded.level or care_labels.until_day <> excluded.until_day";
    /// Care labels in force.
    CARE = "select label from care_labels where person_id = $1 and until_day >= $2 order by label";
    /// Adds or renews an organisation.
    PUT_ORGANISATION = "insert into organisations (id, code, name, kind, changed_at_ms, version) values ($1, $2, $3, $4, $5, 1) \
                        on conflict (code) do update set name = excluded.name, kind = excluded.kind, changed_at_ms = excluded.changed_at_ms, \
                        version = organisations.version + 1 where organisations.name <> excluded.name or organisations.kind <> excluded.kind";
    /// An organisation by its code.
    ORGANISATION_BY_CODE = "select id from organisations where code = $1";
    /// Adds a dwelling or renews what is known of it.
    PUT_DWELLING = "insert into dwellings (place_id, occupancy, verified_at_ms, changed_at_ms, version) values ($1, $2, $3, $4, 1) \
                    on conflict (place_id) do update set occupancy = excluded.occupancy, \
                    verified_at_ms = coalesce(excluded.verified_at_ms, dwellings.verified_at_ms), changed_at_ms = excluded.changed_at_ms, \
                    version = dwellings.version + 1 where dwellings.occupancy <> excluded.occupancy or excluded.verified_at_ms is not null";
    /// What is known of a dwelling.
    DWELLING = "select occupancy, verified_at_ms from dwellings where place_id = $1";
    /// Adds or moves a device.
    PUT_DEVICE = "insert into devices (code, kind, place_id, changed_at_ms, version) values ($1, $2, $3, $4, 1) \
                  on conflict (code) do update set kind = excluded.kind, place_id = excluded.place_id, changed_at_ms = excluded.changed_at_ms, \
                  version = devices.version + 1 where devices.place_id <> excluded.place_id or devices.kind <> excluded.kind";
    /// Where a device is.
    DEVICE_PLACE = "select place_id from devices where code = $1";
    /// Meters at homes, with what lies above the home.
    METERED_HOMES = "select d.code, d.place_id, p.parent_id, q.parent_id from devices d join places p on p.id = d.place_id \
                     left join places q on q.id = p.parent_id where d.kind like '%meter%'";
    /// The same of one meter.
    METERED_HOME = "select d.code, d.place_id, p.parent_id, q.parent_id from devices d join places p on p.id = d.place_id \
                    left join places q on q.id = p.parent_id where d.code = $1";
    /// Homes in which somebody with a label lives, and homes in which one person lives who was born on a day or before. The
    /// old are few: they come first (a cross join, which SQLite does not turn round).
    CARED_HOMES = "select t.place_id from ties t join care_labels c on c.person_id = t.subject_id \
                   where t.kind in ('lives', 'rents') and (t.until_day is null or t.until_day >= $1) and c.label = $2 and c.until_day >= $1 \
                   union select t.place_id from people p cross join ties t where p.birth_date <= $3 and t.subject_id = p.id \
                   and t.subject_kind = 'person' and t.kind in ('lives', 'rents') and (t.until_day is null or t.until_day >= $1) \
                   and not exists (select 1 from ties o where o.place_id = t.place_id and o.subject_id <> t.subject_id \
                   and o.subject_kind = 'person' and o.kind in ('lives', 'rents') and (o.until_day is null or o.until_day >= $1))";
    /// Devices at a place.
    DEVICES = "select code, kind from devices where place_id = $1 order by kind, code";
    /// Adds a tie.
    PUT_TIE = "insert into ties (id, subject_kind, subject_id, place_id, kind, from_day, until_day) values ($1, $2, $3, $4, $5, $6, $7) \
               on conflict (place_id, subject_id, kind) do update set from_day = excluded.from_day, until_day = excluded.until_day \
               where coalesce(ties.until_day, 0) <> coalesce(excluded.until_day, 0)";
    /// People tied to a place on a day.
    TIED_PEOPLE = "select p.id, p.name, p.sex, p.birth_date, t.kind, p.phone_enc from ties t join people p on p.id = t.subject_id \
                   where t.place_id = $1 and t.subject_kind = 'person' and (t.until_day is null or t.until_day >= $2) order by t.kind, p.code";
    /// Organisations tied to a place on a day.
    TIED_ORGANISATIONS = "select o.id, o.name, t.kind from ties t join organisations o on o.id = t.subject_id \
                          where t.place_id = $1 and t.subject_kind = 'organisation' and (t.until_day is null or t.until_day >= $2) order by o.name";
    /// Places that somebody is tied to.
    PLACES_OF = "select place_id, kind from ties where subject_id = $1 and (until_day is null or until_day >= $2) order by place_id";
    /// Counts at a place itself.
    AT = "select (select count(*) from ties t where t.place_id = $1 and t.kind = 'lives' and (t.until_day is null or t.until_day >= $2)), \
          (select count(*) from ties t where t.place_id = $1 and t.kind = 'trades' and (t.until_day is null or t.until_day >= $2)), \
          (select count(*) from devices d where d.place_id = $1)";
    /// Counts below a place.
    BELOW = "with recursive below (id, kind) as (select id, kind from places where id = $1 \
             union all select p.id, p.kind from places p join below b on p.parent_id = b.id where p.status <> 'abandoned') \
             select (select count(*) from below where kind = 'room'), \
             (select count(*) from ties t join below b on b.id = t.place_id where t.kind = 'lives' and (t.until_day is null or t.until_day >= $2)), \
             (select count(*) from ties t join below b on b.id = t.place_id where t.kind = 'trades' and (t.until_day is null or t.until_day >= $2)), \
             (select count(*) from devices d join below b on b.id = d.place_id)";
    /// Ties follow a place, but for those that the other has already.
    MOVE_TIES = "update ties set place_id = $2 where place_id = $1 and not exists (select 1 from ties t where t.place_id = $2 \
                 and t.subject_id = ties.subject_id and t.kind = ties.kind) returning id";
    /// A tie goes back.
    TIE_BACK = "update ties set place_id = $2 where id = $1 and place_id = $3";
    /// What is known of a home follows, where nothing is known of the other.
    MOVE_DWELLING = "update dwellings set place_id = $2 where place_id = $1 \
                     and not exists (select 1 from dwellings d where d.place_id = $2) returning $1";
    /// It goes back.
    DWELLING_BACK = "update dwellings set place_id = $2 where place_id = $3 and cast($1 as text) = $2";
    /// Devices follow.
    MOVE_DEVICES = "update devices set place_id = $2 where place_id = $1 returning code";
    /// A device goes back.
    DEVICE_BACK = "update devices set place_id = $2 where code = $1 and place_id = $3";
    /// Absences follow, but for those that the other has already.
    MOVE_ABSENCES = "update absences set place_id = $2 where place_id = $1 and not exists (select 1 from absences a \
                     where a.place_id = $2 and a.from_day = absences.from_day) returning id";
    /// An absence goes back.
    ABSENCE_BACK = "update absences set place_id = $2 where id = $1 and place_id = $3";
    /// Adds a planned absence.
    PUT_ABSENCE = "insert into absences (id, place_id, from_day, until_day, told_by) values ($1, $2, $3, $4, $5) \
                   on conflict (place_id, from_day) do update set until_day = excluded.until_day where absences.until_day <> excluded.until_day";
    /// An absence that covers a day or comes after it.
    ABSENCE = "select from_day, until_day from absences where place_id = $1 and until_day >= $2 order by from_day limit 1";
    /// An absence that covers a day.
    ABSENT_ON = "select 1 from absences where place_id = $1 and from_day <= $2 and until_day >= $2";
    /// How many people, organisations, dwellings, devices.
    COUNTS = "select (select count(*) from people), (select count(*) from organisations), (select count(*) from dwellings), (select count(*) from devices)";
}
