//! Every statement of the room.

macro_rules! select_task {
    ($rest:literal) => {
        concat!(
            "select id, case_id, case_no, worker, state, title, category, urgency, form, call_first, place_id, address, lon, lat, \
             division, due_at_ms, reason, created_at_ms, version from tasks ",
            $rest
        )
    };
}

gridweave_db::statements! {
    /// A new task, made of its case.
    CREATE = "insert into tasks (id, case_id, case_no, worker, state, title, category, urgency, form, call_first, place_id, address, \
              lon, lat, division, due_at_ms, reason, created_at_ms, version) \
              values ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 1)";
    /// One task.
    TASK = select_task!("where id = $1");
    /// One task, for the one who moves it.
    TASK_LOCKED = select_task!("where id = $1 {lock}");
    /// What a worker has to do, the most urgent limit first.
    OPEN_OF = select_task!("where worker = $1 and state in ('open', 'accepted') order by due_at_ms, id limit $2");
    /// What a worker has done lately.
    DONE_OF = select_task!("where worker = $1 and state = 'done' order by due_at_ms desc, id desc limit $2");
    /// Open tasks of a case.
    OPEN_FOR_CASE = select_task!("where case_id = $1 and state in ('open', 'accepted') order by id");
    /// Open tasks of a scope, after one.
    OPEN_IN = select_task!("where division between $1 and $2 and state in ('open', 'accepted') and id > $3 order by id limit $4");
    /// Every task, for reports.
    EVERY = select_task!("where id > $1 order by id limit $2");
    /// Does this door lie on a worker's way?
    WORKER_AT = "select 1 from tasks where place_id = $1 and worker = $2 and state in ('open', 'accepted') limit 1";
    /// Moves a task.
    SET_STATE = "update tasks set state = $2, version = version + 1 where id = $1";
    /// A new visit.
    INSERT_VISIT = "insert into visits (id, task_id, once_key, worker, at_ms, received_at_ms, answers, lon, lat, distance_m, far) \
                    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// Was it handed in before?
    BY_ONCE = "select id from visits where once_key = $1 and worker = $2";
    /// The visit of an identifier.
    VISIT = "select id, task_id, worker, at_ms, received_at_ms, answers, lon, lat, distance_m, far from visits where id = $1";
    /// Visits for a case.
    FOR_CASE = "select v.id, v.task_id, v.worker, v.at_ms, v.received_at_ms, v.answers, v.lon, v.lat, v.distance_m, v.far, t.form \
                from visits v join tasks t on t.id = v.task_id where t.case_id = $1 order by v.received_at_ms";
    /// A photo that waits for its visit.
    INSERT_PHOTO = "insert into photos (id, owner, media_type, bytes, digest, at_ms) values ($1, $2, $3, $4, $5, $6)";
    /// Joins a photo to its visit.
    JOIN_PHOTO = "update photos set visit_id = $2 where id = $1 and owner = $3 and visit_id is null";
    /// Photos of a visit.
    PHOTOS = "select id from photos where visit_id = $1 order by id";
    /// One photo.
    PHOTO = "select p.owner, p.media_type, p.digest, coalesce(t.division, 0) from photos p \
             left join visits v on v.id = p.visit_id left join tasks t on t.id = v.task_id where p.id = $1";
}
