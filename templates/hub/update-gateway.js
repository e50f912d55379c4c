// Written by edgefleet. Signs what the gateway of the channel asks its store (AWS, Signature Version 4 for S3).
// The file of credentials has the access key, the secret key and perhaps a session token, a line each; it is read for each
// request, so another program may renew it. Without it nothing is signed, and the store refuses.
import crypto from 'crypto';
import fs from 'fs';

function credentials(request) {
    try {
        return fs.readFileSync(request.variables.edgefleet_credentials, 'utf8').split('\n');
    } catch (error) {
        request.error('edgefleet: no credentials for the store: ' + error.message);
        return [];
    }
}

function hmac(key, text) {
    return crypto.createHmac('sha256', key).update(text).digest();
}

function date(request) { // 20261130T184500Z
    return new Date().toISOString().replace(/[:-]|\.[0-9]*/g, '');
}

function token(request) {
    return credentials(request)[2] || '';
}

function signature(request) {
    const lines = credentials(request);
    if (!lines[0] || !lines[1]) {
        return '';
    }
    const known = request.variables;
    const time = known.edgefleet_date;
    const scope = [time.slice(0, 8), known.edgefleet_region, 's3', 'aws4_request'];
    const signed = [
        ['host', known.edgefleet_host],
        ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD'],
        ['x-amz-date', time],
    ].concat(lines[2] ? [['x-amz-security-token', lines[2]]] : []);
    const names = signed.map((header) => header[0]).join(';');
    const headers = signed.map((header) => header[0] + ':' + header[1] + '\n').join('');
    const canonical = [request.method, known.edgefleet_object, '', headers, names, 'UNSIGNED-PAYLOAD'].join('\n');
    const digest = crypto.createHash('sha256').update(canonical).digest('hex');
    const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), digest].join('\n');
    const key = scope.reduce(hmac, 'AWS4' + lines[1]);
    return 'AWS4-HMAC-SHA256 Credential=' + lines[0] + '/' + scope.join('/') + ',SignedHeaders=' + names +
        ',Signature=' + hmac(key, text).toString('hex');
}

export default { date, token, signature };
