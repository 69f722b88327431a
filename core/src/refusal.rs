//! Refusals: an operation that says no says it in a stable code and in both languages.

/// What kind of no it is; the edge maps it to a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The request itself is not of the interface (400).
    Malformed,
    /// The input cannot be right (422).
    Invalid,
    /// Nobody signed in (401).
    Unauthenticated,
    /// This actor may not (403).
    Forbidden,
    /// It does not exist, or its existence is itself private (404).
    NotFound,
    /// The state does not allow it now (409).
    Conflict,
    /// It was changed by another in the meantime (412).
    Stale,
    /// Too many attempts (429).
    TooMany,
    /// Too large to take (413).
    TooLarge,
}

/// A refusal as it leaves the house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code, from one generated list.
    pub code: &'static str,
    /// Its kind.
    pub kind: RefusalKind,
    /// 中文说明。
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// One line of the generated list of codes.
#[derive(Clone, Copy, Debug)]
pub struct RefusalRow {
    /// Stable code.
    pub code: &'static str,
    /// Its kind.
    pub kind: RefusalKind,
    /// 中文, `{0}` for the detail.
    pub zh: &'static str,
    /// English, `{0}` for the detail.
    pub en: &'static str,
}

/// What every operation's refusals can do.
pub trait Refuse: std::error::Error + Send + Sync + 'static {
    /// The refusal as it leaves the house.
    fn refusal(&self) -> Refusal;
}

/// Declares the refusals of one operation: an enum whose variants a person understands, each with
/// its stable code, kind and both texts. `ROWS` feeds the generated list.
///
/// ```
/// gridweave_core::refusals! {
///     /// Why a lamp was not switched on.
///     pub enum SwitchOn {
///         /// No such lamp.
///         NotFound = "lamp_not_found", NotFound, "没有这盏灯", "There is no such lamp";
///         /// It is broken.
///         Broken(detail: String) = "lamp_broken", Conflict, "灯坏了：{0}", "The lamp is broken: {0}";
///     }
/// }
/// use gridweave_core::Refuse;
/// assert_eq!(SwitchOn::Broken("fuse".into()).refusal().en, "The lamp is broken: fuse");
/// ```
#[macro_export]
macro_rules! refusals {
    (
        $(#[$meta:meta])* pub enum $name:ident {
            $($(#[$vmeta:meta])* $variant:ident $(($arg:ident: $ty:ty))?
                = $code:literal, $kind:ident, $zh:literal, $en:literal;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vmeta])* $variant $(($ty))?,)*
        }

        impl $name {
            /// The codes of these refusals, for the generated list.
            pub const ROWS: &'static [$crate::refusal::RefusalRow] = &[
                $($crate::refusal::RefusalRow {
                    code: $code, kind: $crate::RefusalKind::$kind, zh: $zh, en: $en,
                },)*
            ];
        }

        impl $crate::Refuse for $name {
            fn refusal(&self) -> $crate::Refusal {
                match self {
                    $(Self::$variant $(($arg))? => {
                        #[allow(unused_mut)]
                        let mut detail = String::new();
                        $(detail.push_str(&$arg.to_string());)?
                        $crate::Refusal {
                            code: $code,
                            kind: $crate::RefusalKind::$kind,
                            zh: $zh.replace("{0}", &detail),
                            en: $en.replace("{0}", &detail),
                        }
                    })*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::Refuse::refusal(self).en)
            }
        }

        impl std::error::Error for $name {}
    };
}
