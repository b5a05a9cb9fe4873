import { useState } from 'react'

export function App() {
  const [stops, setStops] = useState(0)
  return (
    <button onClick={() => setStops(stops + 1)}>
      11,000 km, {stops} {stops === 1 ? 'stop' : 'stops'}
    </button>
  )
}
