const fs = require('fs')
console.error('2026-11-22T20:00:00Z info started')
function load (n) { throw new TypeError('order ' + n + ' is no object') }
try { load(3) } catch (e) { console.error(e) }
console.error('2026-11-22T20:00:01Z info next')
try { fs.readFileSync('/nowhere') } catch (e) { console.error(e) }
try { try { load(4) } catch (e) { throw new Error('cannot ship', { cause: e }) } } catch (e) { console.error('shipping failed:', e) }
console.error('2026-11-22T20:00:02Z info after cause')
try { Buffer.from(5) } catch (e) { console.error(e.stack) }
console.trace('here')
console.error('2026-11-22T20:00:03Z info after trace')
Promise.any([Promise.reject(new Error('a')), Promise.reject(new Error('b'))]).catch(e => console.error(e)).then(() => {
  console.error('2026-11-22T20:00:04Z info async')
  setTimeout(() => { const e = new RangeError('last one'); e.code = 'E_LAST'; throw e }, 1)
})
