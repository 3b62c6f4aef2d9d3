// A workspace to try, with documents of its own: a small mountain hut, its rules, its kitchen and its log.

export const sample = {
  name: "Sample: Larkspur Hut",
  questions: ["Where is the key to the hut kept?", "How much does a night cost for a member?", "What happened to the roof last winter?"],
  documents: [
    {
      title: "House rules.md",
      text: `# Larkspur Hut: house rules

## Arriving

The key hangs in the green letter box behind the woodshed. The code of the letter box is changed every spring and is sent with your booking. Write your name, the day and the number of guests into the hut book before you carry anything upstairs.

## Staying

A night costs 14 euros for members and 22 euros for guests. Children under twelve stay for free. Payment goes into the iron box beside the stove, in an envelope with your name on it.

The hut sleeps eighteen: twelve upstairs in the long room and six in the two small rooms on the ground floor. Dogs are welcome on the ground floor. They do not go upstairs.

Quiet begins at ten in the evening. Whoever leaves early packs the night before.

## Water and wood

The spring behind the hut runs from May to October. In winter, melt snow on the stove and boil the water for at least five minutes. Wood is stacked under the south eaves; take from the left end, which is the driest, and split as much as you burned before you leave.

## Leaving

Sweep the floor, close the shutters, turn the gas off at the bottle and lay a fire in the stove that the next guest only has to light. Take all rubbish down into the valley with you.
`,
    },
    {
      title: "Hut log, last winter.md",
      text: `# Larkspur Hut: log of last winter

**3 November.** Closed the water line and drained the boiler. The pump needs a new gasket before spring. Ida ordered one.

**21 November.** First real snow, about forty centimetres. The path from the saddle is marked with poles as far as the stream.

**9 January.** Storm from the north-west. Eleven shingles came off the roof above the long room, and some water came in beside the chimney. Tomas and Ida covered the hole with a tarpaulin the next morning. Nothing in the long room was damaged but two mattresses, which were dried by the stove.

**16 January.** The carpenter looked at the roof. Two battens are broken. He recommends replacing the whole row above the gutter in May and thinks it will cost about 1,900 euros. The committee agreed at its meeting on the 20th and will pay for it out of the reserve.

**14 February.** Full house over the weekend. Somebody used up all of the birch bark. Please bring some.

**2 March.** An avalanche crossed the summer path below the north gully. Nobody was hurt. Use the ridge path until the end of April.

**27 March.** Opened the water line. The new gasket holds.
`,
    },
    {
      title: "Kitchen.md",
      text: `# Larkspur Hut: what is in the kitchen

The stove has two gas rings and a wood-fired oven. A full bottle of gas lasts about nine days with a full house; the spare bottle stands in the woodshed, and the supplier in the valley exchanges empty ones on Tuesdays and Fridays.

There are plates, bowls and cups for twenty, two large pots of ten litres, three pans, and a bread knife that is sharper than it looks.

The shelf beside the door holds what guests may use: salt, sugar, tea, oil, rice and lentils. Replace what you finish. Leave nothing that mice like in paper or plastic; the tins with lids are there for that.

## Barley soup for eight

Soak 400 grams of barley overnight. Fry two onions, three carrots and a leek in oil, add the barley and three litres of water, and let it cook slowly for an hour. Season with salt, pepper and lovage from the pot on the window sill.
`,
    },
  ],
} as const;
