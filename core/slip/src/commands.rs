//! The few printer commands that the `escpos` crate gets right, behind a narrow trait of ours, so that it can
//! be replaced in one place. What it lacks or gets wrong (PRINTING 1) is in `escpos.rs`.

use std::{cell::RefCell, rc::Rc};

use escpos::{
    driver::Driver,
    errors::{PrinterError, Result},
    printer::Printer,
    utils::{JustifyMode, Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption},
};

use crate::{error::SlipError, layout::Align};

/// Commands as bytes.
pub(crate) trait Commands {
    /// Clear modes (ESC @): at the start of a job only.
    fn initialise(&self) -> &[u8];
    /// Left, centre, right (ESC a).
    fn align(&self, align: Align) -> &[u8];
    /// Emphasis (ESC E).
    fn bold(&self, on: bool) -> &[u8];
    /// Single or double width and height (GS !).
    fn double(&self, on: bool) -> &[u8];
    /// Line spacing in dots (ESC 3).
    fn spacing(&self, dots: u8) -> std::result::Result<Vec<u8>, SlipError>;
    /// QR symbol drawn by the printer, model 2, level M (GS ( k).
    fn qr(&self, text: &str, module: u8) -> std::result::Result<Vec<u8>, SlipError>;
}

/// The crate's own bytes, taken once.
pub(crate) struct CrateCommands {
    initialise: Vec<u8>,
    align: [Vec<u8>; 3],
    bold: [Vec<u8>; 2],
    double: [Vec<u8>; 2],
}

impl CrateCommands {
    pub(crate) fn new() -> std::result::Result<CrateCommands, SlipError> {
        let mode = |mode: JustifyMode| record(move |p| p.justify(mode).map(drop));
        let bold = |on: bool| record(move |p| p.bold(on).map(drop));
        let size = |n: u8| record(move |p| p.size(n, n).map(drop));
        Ok(CrateCommands {
            initialise: record(|p| p.init().map(drop))?,
            align: [mode(JustifyMode::LEFT)?, mode(JustifyMode::CENTER)?, mode(JustifyMode::RIGHT)?],
            bold: [bold(false)?, bold(true)?],
            double: [size(1)?, size(2)?],
        })
    }
}

impl Commands for CrateCommands {
    fn initialise(&self) -> &[u8] {
        &self.initialise
    }

    fn align(&self, align: Align) -> &[u8] {
        let [left, centre, right] = &self.align;
        match align {
            Align::Left => left,
            Align::Centre => centre,
            Align::Right => right,
        }
    }

    fn bold(&self, on: bool) -> &[u8] {
        let [off, bold] = &self.bold;
        if on { bold } else { off }
    }

    fn double(&self, on: bool) -> &[u8] {
        let [single, double] = &self.double;
        if on { double } else { single }
    }

    fn spacing(&self, dots: u8) -> std::result::Result<Vec<u8>, SlipError> {
        record(move |p| p.line_spacing(dots).map(drop))
    }

    fn qr(&self, text: &str, module: u8) -> std::result::Result<Vec<u8>, SlipError> {
        record(|p| {
            // The crate's default is model 1, which many scanners refuse.
            let option = QRCodeOption::new(QRCodeModel::Model2, module, QRCodeCorrectionLevel::M);
            p.qrcode_option(text, option).map(drop)
        })
    }
}

/// What the crate would send.
fn record(f: impl FnOnce(&mut Printer<Recorder>) -> Result<()>) -> std::result::Result<Vec<u8>, SlipError> {
    let recorder = Recorder::default();
    let mut printer = Printer::new(recorder.clone(), Protocol::default(), None);
    let failed = |e: PrinterError| SlipError::Render { what: "ESC/POS", cause: e.to_string() };
    f(&mut printer).map_err(failed)?;
    printer.print().map_err(failed)?;
    Ok(recorder.0.take())
}

#[derive(Clone, Default)]
struct Recorder(Rc<RefCell<Vec<u8>>>);

impl Driver for Recorder {
    fn name(&self) -> String {
        "recorder".to_owned()
    }

    fn write(&self, data: &[u8]) -> Result<()> {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(())
    }

    fn read(&self, _: &mut [u8]) -> Result<usize> {
        Ok(0)
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }
}
