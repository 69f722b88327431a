//! Every statement of the room.

gridweave_db::statements! {
    /// A new account.
    INSERT_ACCOUNT = "insert into accounts (id, login, name, department, password_hash, active, failed, locked_until_ms, created_at_ms, version) \
                      values ($1, $2, $3, $4, $5, true, 0, 0, $6, 1)";
    /// A role in a division.
    INSERT_GRANT = "insert into grants (account_id, role, division) values ($1, $2, $3)";
    /// For signing in.
    BY_LOGIN = "select id, password_hash, active, failed, locked_until_ms from accounts where login = $1 {lock}";
    /// Counts a wrong password.
    SET_FAILED = "update accounts set failed = $2, locked_until_ms = $3 where id = $1";
    /// An account by its identifier.
    ACCOUNT = "select id, name, department, active from accounts where id = $1";
    /// An account's roles.
    GRANTS = "select role, division from grants where account_id = $1 order by role, division";
    /// A new session or key.
    INSERT_SESSION = "insert into sessions (token_hash, account_id, csrf, kind, created_at_ms, seen_at_ms, expires_at_ms) \
                      values ($1, $2, $3, $4, $5, $5, $6)";
    /// A session that is alive.
    SESSION = "select account_id, csrf, kind, seen_at_ms from sessions where token_hash = $1 and expires_at_ms > $2";
    /// Keeps a session alive.
    TOUCH = "update sessions set seen_at_ms = $2, expires_at_ms = $3 where token_hash = $1";
    /// Ends a session.
    DELETE_SESSION = "delete from sessions where token_hash = $1";
    /// Forgets what has expired.
    DELETE_EXPIRED = "delete from sessions where expires_at_ms <= $1";
    /// Who holds a role in a scope.
    HOLDERS = "select a.id, a.login, a.name, a.department, g.role, g.division from accounts a join grants g on g.account_id = a.id \
               where a.active = true and g.role = $1 and g.division between $2 and $3 order by a.login limit $4";
    /// Is the sign-in name taken?
    LOGIN_TAKEN = "select 1 from accounts where login = $1";
    /// How many accounts there are.
    COUNT_ACCOUNTS = "select count(*) from accounts";
}
