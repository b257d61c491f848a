use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic_prost::ProstDecoder;

/// What a request has room for before its size is known: that of a call with little arguments, most of which is a certificate.
const REQUEST_BYTES: usize = 2 << 10;
/// Messages of a stream that are ready are sent together up to here.
const TOGETHER_BYTES: usize = 32 << 10;

/// How messages are written and read: as `tonic-prost` does, which takes two buffers of 8 KiB for each call, whatever it needs. These are as
/// large as the messages.
pub(crate) struct FittingCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for FittingCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for FittingCodec<T, U>
where
    T: Message + 'static,
    U: Message + Default + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = FittingEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        FittingEncoder(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        // It grows by what comes.
        ProstDecoder::new(BufferSettings::new(0, TOGETHER_BYTES))
    }
}

/// Writes messages.
pub(crate) struct FittingEncoder<T>(PhantomData<T>);

impl<T: Message> Encoder for FittingEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, message: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(message.encoded_len());
        message.encode_raw(buffer);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(REQUEST_BYTES, TOGETHER_BYTES)
    }
}
