//! From a picture that somebody sent to the icon that is served: decoded under strict limits, cropped to its middle,
//! drawn anew at one size. What was hidden in the file stays behind.

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::{PngDecoder, PngEncoder};
use image::codecs::webp::WebPDecoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, Limits};
use tokio::sync::Semaphore;

/// The longest file, in bytes.
pub const LONGEST: usize = 1024 * 1024;
/// The shortest and the longest side, in pixels.
pub const SIDES: std::ops::RangeInclusive<u32> = 64..=2048;
/// The sides of an icon, in pixels.
pub const SIDE: u32 = 256;
/// The most memory that decoding takes, in bytes: a picture of the largest size at 16 bits a channel, and as much again.
const MOST_MEMORY: u64 = 64 * 1024 * 1024;

/// Why a file is no icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadIcon {
    /// More than [`LONGEST`] bytes.
    TooLarge,
    /// Neither PNG nor JPEG nor WebP, whatever it is called.
    OtherFormat,
    /// More than one picture.
    Animated,
    /// A side is not within [`SIDES`].
    Dimensions,
    /// Cut short, altered, or made to break decoders.
    Broken,
}

/// Draws icons, two at a time: a picture takes much more memory than its file.
#[derive(Clone, Debug)]
pub struct Painter {
    turns: Arc<Semaphore>,
}

impl Default for Painter {
    fn default() -> Self {
        Painter { turns: Arc::new(Semaphore::new(2)) }
    }
}

impl Painter {
    /// As [`draw`], away from the threads that answer requests. A decoder that panics ends its own turn only.
    ///
    /// # Errors
    /// Why the file is no icon.
    pub async fn draw(&self, file: Bytes) -> Result<Vec<u8>, BadIcon> {
        let turn = self.turns.clone().acquire_owned().await;
        let work = move || {
            // Held by the work itself: a caller that stops waiting does not make room.
            let _turn = turn;
            draw(&file)
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(BadIcon::Broken))
    }
}

/// The icon as PNG, [`SIDE`] pixels wide and high.
///
/// # Errors
/// Why the file is none.
pub fn draw(file: &[u8]) -> Result<Vec<u8>, BadIcon> {
    if file.len() > LONGEST {
        return Err(BadIcon::TooLarge);
    }
    let broken = |_| BadIcon::Broken;
    let picture = match image::guess_format(file) {
        Ok(ImageFormat::Png) => {
            let decoder = PngDecoder::with_limits(Cursor::new(file), limits()).map_err(refused)?;
            match decoder.is_apng() {
                Ok(false) => decode(decoder)?,
                Ok(true) => return Err(BadIcon::Animated),
                Err(_) => return Err(BadIcon::Broken),
            }
        }
        Ok(ImageFormat::Jpeg) => decode(JpegDecoder::new(Cursor::new(file)).map_err(broken)?)?,
        Ok(ImageFormat::WebP) => {
            let decoder = WebPDecoder::new(Cursor::new(file)).map_err(broken)?;
            match decoder.has_animation() {
                false => decode(decoder)?,
                true => return Err(BadIcon::Animated),
            }
        }
        _ => return Err(BadIcon::OtherFormat),
    };
    let side = picture.width().min(picture.height());
    let (left, top) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    let square = picture.crop_imm(left, top, side, side).to_rgba8();
    let drawn = image::imageops::resize(&square, SIDE, SIDE, FilterType::CatmullRom);
    let mut png = Vec::new();
    drawn.write_with_encoder(PngEncoder::new(&mut png)).map_err(broken)?;
    Ok(png)
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(*SIDES.end());
    limits.max_image_height = Some(*SIDES.end());
    limits.max_alloc = Some(MOST_MEMORY);
    limits
}

fn refused(error: image::ImageError) -> BadIcon {
    match error {
        image::ImageError::Limits(_) => BadIcon::Dimensions,
        _ => BadIcon::Broken,
    }
}

fn decode(mut decoder: impl ImageDecoder) -> Result<DynamicImage, BadIcon> {
    let (width, height) = decoder.dimensions();
    if !SIDES.contains(&width) || !SIDES.contains(&height) {
        return Err(BadIcon::Dimensions);
    }
    decoder.set_limits(limits()).map_err(refused)?;
    // Cameras write how they were held; that is gone when the file's metadata is.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use image::{ImageEncoder, Rgba, RgbaImage};
    use proptest::prelude::*;

    use super::*;

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let drawn = RgbaImage::from_fn(width, height, |x, y| {
            // Red at the left and right ends, green in the middle.
            let in_middle = x >= width / 4 && x < width * 3 / 4;
            if in_middle { Rgba([0, 200, (y % 50) as u8, 255]) } else { Rgba([200, 0, 0, 255]) }
        });
        let mut file = Cursor::new(Vec::new());
        match format {
            ImageFormat::Jpeg => DynamicImage::from(drawn).to_rgb8().write_to(&mut file, format).unwrap(),
            _ => drawn.write_to(&mut file, format).unwrap(),
        }
        file.into_inner()
    }

    fn read(png: &[u8]) -> RgbaImage {
        image::load_from_memory_with_format(png, ImageFormat::Png).unwrap().to_rgba8()
    }

    #[test]
    fn a_picture_is_drawn_anew_from_its_middle() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let icon = read(&draw(&picture(400, 200, format)).unwrap());
            assert_eq!((icon.width(), icon.height()), (256, 256), "{format:?}");
            for (x, y) in [(8, 8), (128, 128), (247, 247)] {
                let Rgba([red, green, _, alpha]) = *icon.get_pixel(x, y);
                assert!(
                    red < 40 && green > 160 && alpha == 255,
                    "{format:?} at {x},{y}: only the green middle is left"
                );
            }
        }
    }

    #[test]
    fn what_is_hidden_in_a_file_stays_behind() {
        let mut file = Vec::new();
        let mut encoder = PngEncoder::new(&mut file);
        encoder.set_exif_metadata(b"a place and a name".to_vec()).unwrap();
        encoder.write_image(&[7; 64 * 64 * 4], 64, 64, image::ExtendedColorType::Rgba8).unwrap();
        file.extend(b"<script>alert(1)</script>");
        assert!(file.windows(7).any(|part| part == b"a place"));
        let icon = draw(&file).unwrap();
        assert!(!icon.windows(7).any(|part| part == b"a place" || part == b"<script"));
    }

    #[test]
    fn what_is_no_icon_is_told_apart() {
        let png = picture(100, 100, ImageFormat::Png);
        let mut apng = png.clone();
        // An animation control chunk behind the header: length, name, two numbers; nobody checks its sum first.
        let mut chunk = b"acTL\0\0\0\x02\0\0\0\0".to_vec();
        let sum = crc(&chunk);
        chunk.splice(..0, 8_u32.to_be_bytes());
        chunk.extend(sum.to_be_bytes());
        apng.splice(33..33, chunk);
        for (what, file, wanted) in [
            ("nothing", Vec::new(), BadIcon::OtherFormat),
            ("a GIF", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), BadIcon::OtherFormat),
            ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), BadIcon::OtherFormat),
            ("too small", picture(63, 100, ImageFormat::Png), BadIcon::Dimensions),
            ("too wide", picture(2049, 64, ImageFormat::Png), BadIcon::Dimensions),
            ("a high WebP", picture(64, 2049, ImageFormat::WebP), BadIcon::Dimensions),
            ("a wide JPEG", picture(2049, 64, ImageFormat::Jpeg), BadIcon::Dimensions),
            ("cut short", png[..png.len() / 2].to_vec(), BadIcon::Broken),
            ("a long file", vec![0; LONGEST + 1], BadIcon::TooLarge),
            ("an animation", apng, BadIcon::Animated),
        ] {
            assert_eq!(draw(&file), Err(wanted), "{what}");
        }
    }

    /// A few bytes that promise a picture of four thousand million pixels a side.
    #[test]
    fn a_promise_of_size_is_not_believed() {
        let mut file = picture(64, 64, ImageFormat::Png);
        file[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        let sum = crc(&file[12..29]);
        file[29..33].copy_from_slice(&sum.to_be_bytes());
        assert!(matches!(draw(&file), Err(BadIcon::Dimensions | BadIcon::Broken)));
    }

    /// The check sum of PNG (ISO 3309).
    fn crc(bytes: &[u8]) -> u32 {
        let step = |sum: u32, byte: &u8| {
            (0..8).fold(sum ^ u32::from(*byte), |it, _| if it & 1 == 1 { 0xedb8_8320 ^ (it >> 1) } else { it >> 1 })
        };
        !bytes.iter().fold(u32::MAX, step)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn chance_is_no_picture(file in prop::collection::vec(any::<u8>(), 0..2000), kind in 0..4_usize) {
            let start: [&[u8]; 4] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8 "];
            prop_assert!(draw(&[start[kind], &file].concat()).is_err());
        }

        /// Whatever comes out of an altered file is an icon like any other.
        #[test]
        fn an_altered_picture_is_refused_or_drawn(at in any::<prop::sample::Index>(), byte in any::<u8>(), kind in 0..3_usize) {
            let format = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP][kind];
            let mut file = picture(64, 64, format);
            let at = at.index(file.len());
            file[at] = byte;
            if let Ok(icon) = draw(&file) {
                prop_assert_eq!(read(&icon).dimensions(), (SIDE, SIDE));
            }
        }
    }
}
