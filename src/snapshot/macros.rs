//! How types of one's own are written down and read back: by what they consist of.

/// Saves a struct field by field. It names all of them: one that is added does not compile until it is saved as well.
macro_rules! saved {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::snapshot::Saved for $type {
            fn save(&self, out: &mut $crate::snapshot::Output) {
                let Self { $($field),* } = self;
                $($crate::snapshot::Saved::save($field, out);)*
            }

            fn load(input: &mut $crate::snapshot::Input<'_>) -> Result<Self, $crate::snapshot::Damaged> {
                $(let $field = $crate::snapshot::Saved::load(input)?;)*
                Ok(Self { $($field),* })
            }
        }
    };
    ($type:ident($field:ident)) => {
        impl $crate::snapshot::Saved for $type {
            fn save(&self, out: &mut $crate::snapshot::Output) {
                let Self($field) = self;
                $crate::snapshot::Saved::save($field, out);
            }

            fn load(input: &mut $crate::snapshot::Input<'_>) -> Result<Self, $crate::snapshot::Damaged> {
                Ok(Self($crate::snapshot::Saved::load(input)?))
            }
        }
    };
}
pub(crate) use saved;

/// Saves an enum: a byte that says which variant it is, then what that holds.
macro_rules! saved_enum {
    ($type:ident { $($tag:literal => $variant:ident $(($($field:ident),+))?),* $(,)? }) => {
        impl $crate::snapshot::Saved for $type {
            fn save(&self, out: &mut $crate::snapshot::Output) {
                match self {
                    $(Self::$variant $(($($field),+))? => {
                        out.byte($tag);
                        $($($crate::snapshot::Saved::save($field, out);)+)?
                    })*
                }
            }

            fn load(input: &mut $crate::snapshot::Input<'_>) -> Result<Self, $crate::snapshot::Damaged> {
                match input.byte()? {
                    $($tag => {
                        $($(let $field = $crate::snapshot::Saved::load(input)?;)+)?
                        Ok(Self::$variant $(($($field),+))?)
                    })*
                    _ => Err($crate::snapshot::Damaged(concat!("it is no ", stringify!($type)))),
                }
            }
        }
    };
}
pub(crate) use saved_enum;
