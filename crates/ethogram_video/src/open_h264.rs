//! The H.264 encoder by its own interface: the safe one about it keeps the filter of edges on.
//!
//! **Source** `codec_api.h` of the library.

use std::ffi::c_int;
use std::ptr;
use std::slice;

use openh264_sys2::source::APILoader;
use openh264_sys2::{
    API as _, CAMERA_VIDEO_REAL_TIME, CM_BT709, CONSTANT_ID, CP_BT709, DEBLOCKING_IDC_1, ENCODER_OPTION_TRACE_LEVEL,
    ISVCEncoder, ISVCEncoderVtbl, LOW_COMPLEXITY, RC_BUFFERBASED_MODE, SEncParamExt, SFrameBSInfo, SM_SINGLE_SLICE,
    SSourcePicture, TRC_BT709, WELS_LOG_QUIET, videoFormatI420, videoFrameTypeI, videoFrameTypeIDR,
};

use crate::yuv::Yuv;
use crate::{Error, Result};

/// What is asked of an encoder.
pub(crate) struct Settings {
    pub width: u32,
    pub height: u32,
    pub fps: f64,
    /// Least and most quantisation.
    pub qp: (c_int, c_int),
    pub bits_a_second: c_int,
}

/// An encoder of frames of one size, by one thread.
pub(crate) struct Encoder {
    wels: *mut ISVCEncoder,
    size: (c_int, c_int),
    told: SFrameBSInfo,
}

// SAFETY: the encoder keeps to its own memory and knows nothing of threads; it is reached by `&mut` alone.
#[expect(unsafe_code, reason = "a pointer to what only this value reaches")]
unsafe impl Send for Encoder {}

impl Encoder {
    /// The first frame stands alone, the others follow from those before.
    pub fn new(asked: &Settings) -> Result<Self> {
        let size =
            (c_int::try_from(asked.width).unwrap_or(c_int::MAX), c_int::try_from(asked.height).unwrap_or(c_int::MAX));
        let mut encoder = Self { wels: ptr::null_mut(), size, told: SFrameBSInfo::default() };
        let mut settings = SEncParamExt::default();
        #[expect(
            unsafe_code,
            reason = "calls that write to the value that they are given, and keep no reference to it"
        )]
        // SAFETY: `wels` is written before it is read, and every other pointer is to a value on this stack.
        unsafe {
            answered("cannot begin", APILoader::new().WelsCreateSVCEncoder(&raw mut encoder.wels))?;
            let default = encoder.calls()?.GetDefaultParams.ok_or_else(lacking)?;
            answered("has no settings", default(encoder.wels, &raw mut settings))?;
        }
        describe(&mut settings, asked, size);
        #[expect(unsafe_code, reason = "a call that reads the value that it is given, and keeps no reference to it")]
        // SAFETY: both pointers are to values that live on.
        unsafe {
            let initialise = encoder.calls()?.InitializeExt.ok_or_else(lacking)?;
            answered("refuses its settings", initialise(encoder.wels, &raw const settings))?;
            // What it would print is said by the errors here.
            let mut quiet = WELS_LOG_QUIET as c_int;
            let set = encoder.calls()?.SetOption.ok_or_else(lacking)?;
            answered("is not quiet", set(encoder.wels, ENCODER_OPTION_TRACE_LEVEL, (&raw mut quiet).cast()))?;
        }
        Ok(encoder)
    }

    /// Encodes a frame and shows its parts to `see`, each behind the zeros and the one that set it apart; gives whether it stands alone.
    pub fn encode(&mut self, frame: &Yuv, see: &mut dyn FnMut(&[u8])) -> Result<bool> {
        let (width, height) = self.size;
        let [y, u, v] = frame.planes().map(|plane| plane.as_ptr().cast_mut());
        let picture = SSourcePicture {
            iColorFormat: videoFormatI420,
            iStride: [width, width / 2, width / 2, 0],
            pData: [y, u, v, ptr::null_mut()],
            iPicWidth: width,
            iPicHeight: height,
            ..SSourcePicture::default()
        };
        #[expect(
            unsafe_code,
            reason = "a call that reads the planes, whose sizes are those that it was initialised with"
        )]
        // SAFETY: `Yuv` holds planes of just these sides, and the encoder only reads them.
        unsafe {
            let encode = self.calls()?.EncodeFrame.ok_or_else(lacking)?;
            answered("cannot encode a frame", encode(self.wels, &raw const picture, &raw mut self.told))?;
        }
        for layer in &self.told.sLayerInfo[..self.told.iLayerNum.max(0) as usize] {
            let mut at = 0;
            for part in 0..layer.iNalCount.max(0) as usize {
                #[expect(unsafe_code, reason = "memory of the encoder's own, until the next call")]
                // SAFETY: the encoder holds a length for each part, and all parts one after the other, until it is called again.
                let bytes = unsafe {
                    let length = (*layer.pNalLengthInByte.add(part)).max(0) as usize;
                    slice::from_raw_parts(layer.pBsBuf.add(at), length)
                };
                at += bytes.len();
                see(bytes);
            }
        }
        Ok([videoFrameTypeIDR, videoFrameTypeI].contains(&self.told.eFrameType))
    }

    /// What it can be asked.
    fn calls(&self) -> Result<ISVCEncoderVtbl> {
        if self.wels.is_null() {
            return Err(lacking());
        }
        #[expect(unsafe_code, reason = "an encoder begins with its table of calls")]
        // SAFETY: it was created, for it is not null, and lives until this value is dropped.
        unsafe {
            Ok(**self.wels)
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        if self.wels.is_null() {
            return;
        }
        #[expect(unsafe_code, reason = "gives back what was created")]
        // SAFETY: it was created by the same library, and nobody else holds it.
        unsafe {
            if let Ok(ISVCEncoderVtbl { Uninitialize: Some(end), .. }) = self.calls() {
                end(self.wels);
            }
            APILoader::new().WelsDestroySVCEncoder(self.wels);
        }
    }
}

fn describe(settings: &mut SEncParamExt, asked: &Settings, size: (c_int, c_int)) {
    (settings.iPicWidth, settings.iPicHeight) = size;
    settings.iUsageType = CAMERA_VIDEO_REAL_TIME;
    settings.iRCMode = RC_BUFFERBASED_MODE;
    settings.iTargetBitrate = asked.bits_a_second;
    (settings.iMinQp, settings.iMaxQp) = asked.qp;
    settings.iComplexityMode = LOW_COMPLEXITY;
    settings.fMaxFrameRate = asked.fps as f32;
    settings.eSpsPpsIdStrategy = CONSTANT_ID;
    settings.uiIntraPeriod = 0;
    settings.iMultipleThreadIdc = 1;
    settings.bEnableFrameSkip = false;
    settings.bEnableDenoise = false;
    settings.bEnableSceneChangeDetect = false;
    settings.bEnableAdaptiveQuant = false;
    settings.bEnableBackgroundDetection = false;
    settings.bEnableLongTermReference = false;
    // Enlarged pixels and letters have edges of their own; the filter of those of blocks takes a twelfth of the time.
    settings.iLoopFilterDisableIdc = DEBLOCKING_IDC_1 as c_int;
    (settings.iSpatialLayerNum, settings.iTemporalLayerNum) = (1, 1);
    let layer = &mut settings.sSpatialLayers[0];
    (layer.iVideoWidth, layer.iVideoHeight) = size;
    layer.fFrameRate = asked.fps as f32;
    (layer.iSpatialBitrate, layer.iMaxSpatialBitrate) = (asked.bits_a_second, asked.bits_a_second);
    (layer.sSliceArgument.uiSliceMode, layer.sSliceArgument.uiSliceNum) = (SM_SINGLE_SLICE, 1);
    // ITU-R BT.709, limited range, as `Yuv` converts.
    (layer.bVideoSignalTypePresent, layer.bColorDescriptionPresent, layer.bFullRange) = (true, true, false);
    layer.uiColorPrimaries = CP_BT709 as u8;
    layer.uiTransferCharacteristics = TRC_BT709 as u8;
    layer.uiColorMatrix = CM_BT709 as u8;
}

fn answered(what: &str, code: c_int) -> Result<()> {
    if code == 0 { Ok(()) } else { Err(failed(format!("it {what}: {code}"))) }
}

fn lacking() -> Error {
    failed("a call that it should have is not there".to_owned())
}

fn failed(why: String) -> Error {
    Error::Encoder { what: "H.264", why }
}
