//! Every statement of the room.

macro_rules! select_signal {
    ($rest:literal) => {
        concat!(
            "select id, feed, kind, stage, subject, since_day, detected_day, size, confidence, reason, state, place_id, \
             division, address, candidates, verdict, created_at_ms, version, outcome from signals ",
            $rest
        )
    };
}

gridweave_db::statements! {
    /// Was this very push taken before?
    PUSH = "select summary from pushes where feed = $1 and digest = $2";
    /// Remembers a push.
    PUT_PUSH = "insert into pushes (feed, digest, at_ms, summary) values ($1, $2, $3, $4)";
    /// The last push of a feed.
    LAST_PUSH = "select at_ms, summary from pushes where feed = $1 order by at_ms desc limit 1";
    /// The last pushes of a feed, the newest first.
    LAST_PUSHES = "select at_ms, summary from pushes where feed = $1 order by at_ms desc limit $2";
    /// Adds a push to the day on which it came.
    ADD_DAY = "insert into feed_days (feed, day, pushes, arrived, rejected, late, judged, signals, unmatched) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (feed, day) do update set \
               pushes = feed_days.pushes + excluded.pushes, arrived = feed_days.arrived + excluded.arrived, \
               rejected = feed_days.rejected + excluded.rejected, late = feed_days.late + excluded.late, \
               judged = feed_days.judged + excluded.judged, signals = feed_days.signals + excluded.signals, \
               unmatched = feed_days.unmatched + excluded.unmatched";
    /// The days of a feed.
    DAYS = "select day, pushes, arrived, rejected, late, judged, signals, unmatched from feed_days \
            where feed = $1 and day >= $2 order by day";
    /// What became of the signals of a feed.
    BY_KIND = "select kind, state, outcome, count(*) from signals where feed = $1 and created_at_ms >= $2 \
               group by kind, state, outcome order by kind";
    /// What visits found of the signals of a feed.
    OUTCOMES = "select kind, stage, outcome, count(*) from signals \
                where feed = $1 and outcome is not null and outcome_at_ms >= $2 group by kind, stage, outcome";
    /// What a visit found.
    SET_OUTCOME = "update signals set outcome = $2, outcome_at_ms = $3 where id = $1";
    /// The last thresholds of a feed, the newest first.
    LIMITS = "select at_ms, body from feed_limits where feed = $1 order by at_ms desc limit $2";
    /// Other thresholds from now on.
    PUT_LIMITS = "insert into feed_limits (feed, at_ms, body) values ($1, $2, $3) \
                  on conflict (feed, at_ms) do update set body = excluded.body";
    /// The version of a feed's state.
    STATE_VERSION = "select version from feed_states where feed = $1";
    /// The next version of a feed's state, where it is the one that was read.
    NEXT_STATE = "insert into feed_states (feed, version) values ($1, $3) \
                  on conflict (feed) do update set version = excluded.version where feed_states.version = $2";
    /// The parts of a feed's state.
    STATE_PARTS = "select part, bytes from feed_state_parts where feed = $1";
    /// A part that has changed.
    PUT_STATE_PART = "insert into feed_state_parts (feed, part, bytes) values ($1, $2, $3) \
                      on conflict (feed, part) do update set bytes = excluded.bytes";
    /// A part that is no more.
    DELETE_STATE_PART = "delete from feed_state_parts where feed = $1 and part = $2";
    /// A meter's last door, and its address as its company writes it.
    METER = "select place_id, address from meters where meter = $1";
    /// Where a subject was found the last time.
    LAST_PLACE = "select place_id from signals where subject = $1 and place_id is not null order by id desc limit 1";
    /// Meters follow a place.
    MOVE_METERS = "update meters set place_id = $2 where place_id = $1 returning meter";
    /// A meter goes back.
    METER_BACK = "update meters set place_id = $2 where meter = $1 and place_id = $3";
    /// Keeps a meter's address.
    PUT_METER = "insert into meters (meter, address) values ($1, $2) \
                 on conflict (meter) do update set address = coalesce(excluded.address, meters.address)";
    /// Remembers the door that a person chose for a meter.
    SET_METER_PLACE = "insert into meters (meter, place_id) values ($1, $2) on conflict (meter) do update set place_id = excluded.place_id";
    /// A new signal, once.
    INSERT = "insert into signals (id, feed, kind, stage, subject, once_key, since_day, detected_day, size, confidence, reason, state, \
              place_id, division, address, candidates, created_at_ms, version) \
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 1) on conflict (once_key) do nothing";
    /// One signal.
    SIGNAL = select_signal!("where id = $1");
    /// One signal, for the one who decides it.
    SIGNAL_LOCKED = select_signal!("where id = $1 {lock}");
    /// Signals of a state and scope, of a feed and kind where such are named, newest first, before one.
    LIST = select_signal!("where state = $1 and division between $2 and $3 and id < $4 \
                           and ($6 = '' or feed = $6) and ($7 = '' or kind = $7) order by id desc limit $5");
    /// Signals at a place, newest first.
    AT_PLACE = select_signal!("where place_id = $1 order by id desc limit $2");
    /// Signals that wait for a door, oldest first.
    WAITING = select_signal!("where state = 'unmatched' order by id limit $1");
    /// How many wait in a scope.
    COUNT_WAITING = "select count(*) from signals where state = 'unmatched' and division between $1 and $2";
    /// Gives a signal its door.
    SET_PLACE = "update signals set state = 'matched', place_id = $2, division = $3, version = version + 1 where id = $1";
    /// Renews the candidates.
    SET_CANDIDATES = "update signals set candidates = $2 where id = $1";
    /// Moves a signal on, with the verdict.
    SET_STATE = "update signals set state = $2, verdict = $3, version = version + 1 where id = $1";
}
