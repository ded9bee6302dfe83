//! Macros that implement the codec for structs and enums.

/// The codec of a struct, field by field. It names all fields: one that is added does not compile until it is encoded as well.
macro_rules! codec {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::encoding::Codec for $type {
            fn encode(&self, out: &mut $crate::encoding::Output) {
                let Self { $($field),* } = self;
                $($crate::encoding::Codec::encode($field, out);)*
            }

            fn decode(input: &mut $crate::encoding::Input<'_>) -> Result<Self, $crate::encoding::Damaged> {
                $(let $field = $crate::encoding::Codec::decode(input)?;)*
                Ok(Self { $($field),* })
            }
        }
    };
    ($type:ident($field:ident)) => {
        impl $crate::encoding::Codec for $type {
            fn encode(&self, out: &mut $crate::encoding::Output) {
                let Self($field) = self;
                $crate::encoding::Codec::encode($field, out);
            }

            fn decode(input: &mut $crate::encoding::Input<'_>) -> Result<Self, $crate::encoding::Damaged> {
                Ok(Self($crate::encoding::Codec::decode(input)?))
            }
        }
    };
}
pub(crate) use codec;

/// The codec of an enum: a byte for the variant, then its fields.
macro_rules! codec_enum {
    ($type:ident { $($tag:literal => $variant:ident $(($($field:ident),+))?),* $(,)? }) => {
        impl $crate::encoding::Codec for $type {
            fn encode(&self, out: &mut $crate::encoding::Output) {
                match self {
                    $(Self::$variant $(($($field),+))? => {
                        out.byte($tag);
                        $($($crate::encoding::Codec::encode($field, out);)+)?
                    })*
                }
            }

            fn decode(input: &mut $crate::encoding::Input<'_>) -> Result<Self, $crate::encoding::Damaged> {
                match input.byte()? {
                    $($tag => {
                        $($(let $field = $crate::encoding::Codec::decode(input)?;)+)?
                        Ok(Self::$variant $(($($field),+))?)
                    })*
                    _ => Err($crate::encoding::Damaged(concat!("it is no ", stringify!($type)))),
                }
            }
        }
    };
}
pub(crate) use codec_enum;

/// The codec of protobuf enums: their numbers, which never change their meaning.
macro_rules! codec_by_number {
    ($($type:ident),* $(,)?) => {$(
        impl $crate::encoding::Codec for $type {
            fn encode(&self, out: &mut $crate::encoding::Output) {
                out.signed(i64::from(*self as i32));
            }

            fn decode(input: &mut $crate::encoding::Input<'_>) -> Result<Self, $crate::encoding::Damaged> {
                let number = i32::try_from(input.signed()?).ok();
                number.and_then(|number| Self::try_from(number).ok()).ok_or($crate::encoding::Damaged(concat!("it is no ", stringify!($type))))
            }
        }
    )*};
}
pub(crate) use codec_by_number;

/// The codec of protobuf messages: their length and their protobuf bytes.
macro_rules! codec_message {
    ($($type:ident),* $(,)?) => {$(
        impl $crate::encoding::Codec for $type {
            fn encode(&self, out: &mut $crate::encoding::Output) {
                out.sized(&prost::Message::encode_to_vec(self));
            }

            fn decode(input: &mut $crate::encoding::Input<'_>) -> Result<Self, $crate::encoding::Damaged> {
                prost::Message::decode(input.sized()?).map_err(|_| $crate::encoding::Damaged(concat!("it is no ", stringify!($type))))
            }
        }
    )*};
}
pub(crate) use codec_message;
