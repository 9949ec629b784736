//! Mathematics for pictures and sliders; no result of it enters a run. In the browser it is the browser's own, so
//! that nothing of it has to be downloaded.

#[cfg(target_arch = "wasm32")]
use js_sys::Math as own;

#[cfg(not(target_arch = "wasm32"))]
mod own {
    //! For native tests.
    pub fn sin(x: f64) -> f64 {
        x.sin()
    }
    pub fn cos(x: f64) -> f64 {
        x.cos()
    }
    pub fn atan2(y: f64, x: f64) -> f64 {
        y.atan2(x)
    }
    pub fn pow(base: f64, exponent: f64) -> f64 {
        base.powf(exponent)
    }
    pub fn log10(x: f64) -> f64 {
        x.log10()
    }
}

/// Sine.
pub fn sin(x: f64) -> f64 {
    own::sin(x)
}

/// Cosine.
pub fn cos(x: f64) -> f64 {
    own::cos(x)
}

/// The angle of (x, y).
pub fn atan2(y: f64, x: f64) -> f64 {
    own::atan2(y, x)
}

/// A power.
pub fn pow(base: f64, exponent: f64) -> f64 {
    own::pow(base, exponent)
}

/// The decimal logarithm.
pub fn log10(x: f64) -> f64 {
    own::log10(x)
}
