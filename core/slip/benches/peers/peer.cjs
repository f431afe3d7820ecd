// The slip through receiptline: text as GB 18030, pictures as PNG. It leaves QR codes to the printer, so the code
// is drawn by the npm package qrcode and handed over as a picture.
const fs = require('fs');
const path = require('path');
const receiptline = require('receiptline');
const qrcode = require('qrcode');
const { version } = JSON.parse(fs.readFileSync(path.join(process.cwd(), 'node_modules/receiptline/package.json')));

const folder = path.resolve(process.argv[2]);
const items = JSON.parse(fs.readFileSync(path.join(folder, 'slip.json'), 'utf8'));
const pictures = {};
for (const item of items) {
    if (item.picture) pictures[item.picture] = fs.readFileSync(path.join(folder, item.picture)).toString('base64');
}
const printer = { cpl: 32, encoding: 'gb18030', command: 'escpos', gradient: false, cutting: false };
const escape = text => text.replace(/[\\|{}~_"`^]/g, c => '\\' + c);

async function slip(drawn) {
    const lines = [];
    for (const item of items) {
        if (item.text !== undefined) {
            const words = (item.large ? '^^^' : '') + escape(item.text.trim());
            lines.push(item.align === 'left' ? '|' + words : item.align === 'right' ? words + '|' : words);
        } else if (item.rule) {
            lines.push('-');
        } else if (drawn && item.code) {
            const png = await qrcode.toBuffer(item.code, { errorCorrectionLevel: 'M', scale: item.module, margin: 4 });
            lines.push('{image:' + png.toString('base64') + '}');
        } else if (drawn && item.picture) {
            lines.push('{image:' + pictures[item.picture] + '}');
        }
    }
    return receiptline.transform(lines.join('\n') + '\n', printer);
}

async function median(drawn, runs) {
    const times = [];
    for (let i = 0; i < runs; i++) {
        const start = process.hrtime.bigint();
        await slip(drawn);
        times.push(Number(process.hrtime.bigint() - start) / 1000);
    }
    return times.sort((a, b) => a - b)[runs >> 1];
}

(async () => {
    await median(true, 10);
    const bytes = Buffer.from(await slip(true), 'binary').length;
    const micros = await median(true, 51);
    console.log(JSON.stringify({ name: 'receiptline ' + version, bytes, micros, text_micros: await median(false, 101) }));
})();
